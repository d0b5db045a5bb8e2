/** The promises of the README, kept by real processes that are killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { auditJournal } from '../src/host/journal/audit.ts'
import { readSqliteJournal } from '../src/host/journal/sqlite-reader.ts'
import { Network } from '../src/index.ts'
import type { Fact } from '../src/protocol/fact.ts'
import { agent, fileFor, gate, need } from './network/stage.ts'

const program = fileURLToPath(new URL('./promises/program.ts', import.meta.url))

/** Runs the program until it has had `count` acknowledgements, kills it, and answers their ids. */
async function killAfter(t: TestContext, args: readonly string[], count: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const gone = once(child, 'close')
  const acknowledged: string[] = []
  createInterface({ input: child.stdout }).on('line', (id) => {
    acknowledged.push(id)
    if (acknowledged.length === count) child.kill('SIGKILL')
  })
  const [code, signal] = await gone
  assert.deepEqual([code, signal], [null, 'SIGKILL'])
  return acknowledged
}

async function factsIn(file: string): Promise<Fact[]> {
  const reader = await readSqliteJournal(file)
  const facts: Fact[] = []
  for await (const { fact } of reader.read(0)) facts.push(fact)
  await reader.close()
  return facts
}

function lines(log: string): string[] {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : []
}

/** Parts that the journal says are finished: `task skill agent`, and `task skill` where nobody is lacking any more. */
function finishedParts(facts: readonly Fact[]): string[] {
  const skillsOf = new Map<string, readonly string[]>()
  const lacking = new Map<string, number>()
  const parts: string[] = []
  for (const fact of facts) {
    if (fact.kind === 'task.accepted') {
      for (const { skill, count } of fact.announcement.requires) lacking.set(`${fact.task} ${skill}`, count)
    }
    if (fact.kind === 'group.formed') {
      for (const { agent, skills } of fact.members) skillsOf.set(`${fact.task} ${agent}`, skills)
    }
    if (fact.kind !== 'member.finished') continue
    for (const skill of skillsOf.get(`${fact.task} ${fact.agent}`) ?? []) {
      const need = `${fact.task} ${skill}`
      lacking.set(need, (lacking.get(need) ?? 0) - 1)
      parts.push(`${need} ${fact.agent}`)
    }
  }
  return [...parts, ...[...lacking].flatMap(([need, count]) => (count === 0 ? [need] : []))]
}

/** The same of what was done: lines `task skill epoch agent` of the work log. */
function doneParts(work: readonly string[]): Set<string> {
  const parts = work.map((line) => line.split(' '))
  return new Set(parts.flatMap(([task, skill, , by]) => [`${task} ${skill} ${by}`, `${task} ${skill}`]))
}

interface Trail {
  readonly file: string
  readonly log: string
  readonly acknowledged: readonly string[]
}

/** Some rounds of kill and start; after each kill, what is finished by then must not run again. */
async function killedRounds(t: TestContext, rounds: number, durability: string): Promise<Trail> {
  const file = fileFor(t)
  const log = `${file}.work`
  const acknowledged: string[] = []
  for (let round = 0; round < rounds; round++) {
    const before = existsSync(file) ? finishedParts(await factsIn(file)) : []
    const written = lines(log).length
    acknowledged.push(...(await killAfter(t, [file, log, `r${round}`, durability], 25 + 20 * round)))
    const again = doneParts(lines(log).slice(written))
    assert.deepEqual(
      before.filter((part) => again.has(part)),
      [],
      'finished before the kill, and done again after it',
    )
  }
  return { file, log, acknowledged }
}

/** Lets everything come to its end, and answers what was done for it. */
async function finishAll(file: string): Promise<string[]> {
  await using network = await Network.open(file)
  const work: string[] = []
  for (const id of ['ada', 'bob', 'cyd', 'dan']) {
    await network.join({
      id,
      maxConcurrentTasks: 50,
      skills: ['clean', 'train', 'check'].map((name) => ({ name })),
      perform: ({ task, epoch, skills }) => {
        for (const skill of skills) work.push(`${task} ${skill} ${epoch} ${id}`)
      },
    })
  }
  for (const { id, endedAt } of await network.tasks()) {
    if (endedAt !== undefined) continue
    const task = await network.task(id)
    assert.equal((await task?.outcome())?.status, 'completed')
  }
  return work
}

for (const durability of ['full', 'normal'] as const) {
  test(`PROMISE-1 PROMISE-3 PROMISE-5 killed with -9 again and again (${durability})`, async (t) => {
    const { file, log, acknowledged } = await killedRounds(t, 4, durability)
    assert.ok(acknowledged.length >= 25 + 45 + 65 + 85)
    const parts = finishedParts(await factsIn(file))
    const done = doneParts(lines(log))
    assert.deepEqual(
      parts.filter((part) => !done.has(part)),
      [],
      'finished by the journal, and never done',
    )
    const last = doneParts(await finishAll(file))
    assert.deepEqual(
      parts.filter((part) => last.has(part)),
      [],
    )
    const facts = await factsIn(file)
    const accepted = facts.flatMap((fact) => (fact.kind === 'task.accepted' ? [fact.task as string] : []))
    const ended = facts.flatMap((fact) => (fact.kind === 'task.ended' ? [fact] : []))
    assert.deepEqual(
      acknowledged.filter((id) => !accepted.includes(id)),
      [],
    )
    assert.deepEqual(ended.map(({ task }) => task as string).sort(), [...accepted].sort())
    assert.deepEqual(
      ended.filter(({ status }) => status !== 'completed'),
      [],
    )
    // Somebody was at work when the process was killed, or nothing was proven.
    assert.ok(facts.some((fact) => fact.kind === 'member.lost' && fact.reason.code === 'E_RESTARTED'))
    const { problems, tasks } = await auditJournal(file)
    assert.deepEqual([problems, tasks], [[], accepted.length])
  })
}

test('NET-15 a file opened again goes on: members begin again, with what they had saved', async (t) => {
  const file = fileFor(t)
  const saved = gate()
  {
    await using network = await Network.open(file)
    await agent(network, 'ada', async (_, { checkpoint, report }) => {
      await checkpoint({ row: 7 })
      report(0.5)
      return new Promise(() => {})
    })
    await network.join({ id: 'bob', skills: [{ name: 'clean' }], perform: () => 'clean' })
    const task = await network.announce(
      need({ id: 'long', requires: [{ skill: 'work' }, { skill: 'clean' }] }),
    )
    const seen = new Set<string>()
    for await (const update of task.updates()) {
      seen.add(update.kind)
      const { finished } = (await task.explain()).task
      if (seen.has('progress') && finished === 1) break
    }
    saved.open()
  }
  await saved.passed
  await using network = await Network.open(file)
  const task = await network.task('long')
  assert.ok(task !== undefined)
  const again = gate<unknown>()
  await network.join({
    id: 'bob',
    skills: [{ name: 'clean' }],
    perform: () => assert.fail('it was finished'),
  })
  await agent(network, 'eve', ({ checkpoint, epoch, finished }) => {
    again.open({ checkpoint, epoch, finished })
    return 'done'
  })
  const { results } = await task.outcome()
  assert.deepEqual(results, {
    clean: [{ agent: 'bob', result: 'clean' }],
    work: [{ agent: 'eve', result: 'done' }],
  })
  assert.deepEqual(await again.passed, {
    checkpoint: { agent: 'ada', epoch: 1, data: { row: 7 } },
    epoch: 2,
    finished: [{ agent: 'bob', skills: ['clean'], result: 'clean' }],
  })
})

test('NET-15 a claim that waits for its function is judged when it is announced again', async (t) => {
  const file = fileFor(t)
  {
    await using network = await Network.open(file)
    await agent(network, 'ada', () => 'draft')
    const task = await network.announce(need({ id: 'paper', verify: () => new Promise(() => {}) }))
    while ((await task.explain()).waiting?.kind !== 'verdict')
      await new Promise((resolve) => setImmediate(resolve))
  }
  await using network = await Network.open(file)
  const task = await network.announce(
    need({ id: 'paper', verify: ({ work }) => work?.[0]?.result === 'draft' }),
  )
  assert.equal((await task.outcome()).status, 'completed')
  assert.deepEqual((await task.explain()).task.epoch, 1)
})
