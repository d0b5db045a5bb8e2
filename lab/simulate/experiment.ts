/**
 * `npm run lab -- simulate`: thousands of seeded networks in which things go wrong and heal again. A seed that breaks
 * a rule is told with everything that is needed to play it again, and can be made small.
 */
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import type { Happening } from '../world.ts'
import { campaign } from './campaign.ts'
import { cutDown, shrink, wholeOf } from './shrink.ts'
import { type Run, simulate } from './simulate.ts'
import { type Surroundings, surroundingsOf } from './surroundings.ts'
import type { Summary } from './worker.ts'

export const simulation: Experiment = {
  about: 'play seeded networks with faults, then heal them and see whether everything comes to its end',
  options: {
    seeds: { value: 'N', help: 'how many seeds', otherwise: 2_000 },
    from: { value: 'N', help: 'the first of them', otherwise: 1 },
    threads: { value: 'N', help: 'threads that share the work', otherwise: 2 },
    enough: { value: 'N', help: 'stop after so many failing seeds', otherwise: 10 },
    seed: { value: 'N', help: 'play this one alone', otherwise: '' },
    trace: { help: 'with --seed: print everything that happens' },
    shrink: { help: 'with --seed: make a failing run small' },
  },
  examples: [
    ['simulate --seeds 2000 --json', 'the budget of one change: a minute or two'],
    ['simulate --seeds 1000000 --from 100000', 'a night; any seed that fails is printed with its replay'],
    ['simulate --seed 7919 --trace', 'one seed, with everything that happens in it'],
    ['simulate --seed 7919 --shrink', 'a smaller network that breaks the same rule'],
  ],
  run: (given, progress) => (given.text('seed') === '' ? many(given, progress) : one(given, progress)),
}

async function many(given: Given, progress: Progress): Promise<Outcome> {
  const { report, failing } = await campaign(
    {
      from: given.whole('from'),
      seeds: given.whole('seeds'),
      threads: given.whole('threads'),
      enough: given.whole('enough'),
    },
    progress,
  )
  const broken = failing.map(summaryLine)
  const worst = failing[0]
  if (worst !== undefined) tellFailure(await simulate(surroundingsOf(worst.seed)), progress)
  if (!report.deterministic) broken.push('SIM-11: the same seed gave two traces')
  return { report, broken }
}

async function one(given: Given, progress: Progress): Promise<Outcome> {
  const whole = surroundingsOf(Number(given.text('seed')))
  const trace = given.flag('trace')
  const run = await simulate(whole, {
    traced: true,
    ...(trace ? { watch: (happening, at) => progress(lineOf(happening, at)) } : {}),
  })
  const { last: _, ...report } = run
  const rule = (run.violations[0] ?? run.notLive[0])?.rule
  if (rule === undefined) return { report, broken: [] }
  if (!trace) tellFailure(run, progress)
  const broken = [summaryLine(run)]
  if (!given.flag('shrink')) return { report, broken }
  const cut = await shrink(whole, rule, ({ tasks, agents, without, safetyMs }, runs) => {
    progress(
      `${runs} runs: ${agents.length} agents, ${tasks.length} tasks, ${safetyMs} ms, without ${without.join()}`,
    )
  })
  const small = cutDown(whole, cut)
  tellFailure(await simulate(small), progress, small)
  return { report: { ...report, cut, whole: wholeOf(whole) }, broken }
}

function summaryLine({
  seed,
  violations,
  notLive,
}: Pick<Summary, 'seed' | 'violations' | 'notLive'>): string {
  const first = violations[0] ?? notLive[0]
  return `${first?.rule} in seed ${seed}: ${first?.what} (replay: npm run lab -- simulate --seed ${seed} --trace)`
}

function tellFailure(
  run: Run,
  progress: Progress,
  surroundings: Surroundings = surroundingsOf(run.seed),
): void {
  progress(`\nthe surroundings of seed ${run.seed}:\n${JSON.stringify(surroundings, undefined, 1)}`)
  progress('\nthe last events:')
  for (const { at, happening } of run.last.slice(-60)) progress(lineOf(happening, at))
  progress('')
  for (const { rule, what, at } of [...run.violations, ...run.notLive].slice(0, 10))
    progress(`${at} ${rule} ${what}`)
  progress(`replay: npm run lab -- simulate --seed ${run.seed} --trace\n`)
}

/** One event on one line. */
function lineOf(happening: Happening, at: number): string {
  const head = `${String(at).padStart(8)} ${happening.kind.padEnd(9)}`
  switch (happening.kind) {
    case 'sent':
    case 'lost': {
      const { from, to, message } = happening.envelope
      const { kind, ...rest } = message
      const fate =
        happening.kind === 'sent'
          ? happening.copies === 1
            ? ''
            : ` ×${happening.copies}`
          : ` (${happening.why})`
      return `${head} ${from.id}#${from.incarnation} → ${to.id}  ${kind}${fate} ${JSON.stringify(rest)}`
    }
    case 'durable': {
      const { kind, ...rest } = happening.fact
      return `${head} ${happening.position} ${kind} ${JSON.stringify(rest)}`
    }
    default: {
      const { kind: _, ...rest } = happening
      return `${head} ${JSON.stringify(rest)}`
    }
  }
}
