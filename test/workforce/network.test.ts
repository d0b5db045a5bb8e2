/**
 * Command agents as members of a real network: what they save is handed on, what is called off ends.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Network } from '../../src/index.ts'
import { commandAgent } from '../../src/workforce/index.ts'

const work = [{ name: 'work', level: 'expert' }]

test('CMD-2 what a program saved before it failed is what its successor begins with', {
  timeout: 20_000,
}, async () => {
  await using network = await Network.open(':memory:')
  // Both run the same program: without a checkpoint it saves one and fails, with one it goes on from there.
  const command = `given=$(sed -n 's/.*"checkpoint":{"agent":"[a-z]*","epoch":1,"data":\\([0-9]*\\).*/\\1/p')
[ -n "$given" ] && echo "{\\"result\\": [\\"went on from\\", $given]}" && exit
echo '{"checkpoint": 42}'
echo 'out of luck' >&2
exit 1`
  for (const id of ['ada', 'bob']) await network.join(commandAgent({ id, skills: work, command }))
  const task = await network.announce({ description: 'Go on', requires: [{ skill: 'work' }] })
  const { status, results } = await task.outcome()
  assert.equal(status, 'completed')
  assert.deepEqual(results.work?.[0]?.result, ['went on from', 42])
  const { losses, task: view } = await task.explain()
  assert.equal(view.epoch, 2)
  assert.match(losses[0]?.reason.message ?? '', /exited with code 1: out of luck/)
})

test('CMD-2 words of a program reach its partners, its progress reaches the initiator', {
  timeout: 20_000,
}, async () => {
  await using network = await Network.open(':memory:')
  const command = `echo '{"progress": 0.5, "note": "half"}'; echo '{"say": {"count": 3}, "to": "bob"}'; echo 3`
  await network.join(commandAgent({ id: 'ada', skills: work, command }))
  await network.join({
    id: 'bob',
    skills: [{ name: 'listening', level: 'novice' }],
    async perform(_, { group }) {
      for await (const { from, data } of group.words()) return { from, data }
    },
  })
  const task = await network.announce({
    description: 'Talk',
    requires: [{ skill: 'work' }, { skill: 'listening' }],
  })
  const seen: unknown[] = []
  for await (const update of task.updates()) if (update.kind === 'progress') seen.push(update)
  const { results } = await task.outcome()
  assert.deepEqual(results.listening?.[0]?.result, { from: 'ada', data: { count: 3 } })
  assert.equal(results.work?.[0]?.result, 3)
  assert.deepEqual(seen, [{ kind: 'progress', agent: 'ada', fraction: 0.5, note: 'half' }])
})

test('CMD-7 a cancelled task ends the program of its member', { timeout: 20_000 }, async () => {
  await using network = await Network.open(':memory:')
  const file = join(mkdtempSync(join(tmpdir(), 'convoke-command-')), 'pid')
  await network.join(commandAgent({ id: 'ada', skills: work, command: `echo $$ > ${file}; exec sleep 600` }))
  const task = await network.announce({ description: 'Sleep', requires: [{ skill: 'work' }] })
  while (!existsSync(file) || !readFileSync(file, 'utf8').endsWith('\n')) await pause(10)
  const pid = Number(readFileSync(file, 'utf8'))
  process.kill(pid, 0)
  assert.equal((await task.cancel('no longer needed')).status, 'cancelled')
  for (let alive = true; alive; await pause(10)) {
    try {
      process.kill(pid, 0)
    } catch {
      alive = false
    }
  }
})

test('CMD-8 a result over the limit of the network fails with its code', { timeout: 20_000 }, async () => {
  await using network = await Network.open(':memory:', { limits: { payloadBytesMax: 1_000 } })
  const big = `[${'1,'.repeat(600)}1]`
  await network.join(
    commandAgent({
      id: 'ada',
      skills: work,
      command: ['echo', `{"result": ${big}}`],
      payloadBytesMax: 1_000,
    }),
  )
  const task = await network.announce({
    description: 'Too much',
    requires: [{ skill: 'work' }],
    maxAttempts: 1,
  })
  assert.equal((await task.outcome()).status, 'failed')
  const { losses } = await task.explain()
  assert.equal(losses[0]?.reason.code, 'E_TOO_LARGE')
})
