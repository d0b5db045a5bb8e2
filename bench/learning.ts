/**
 * How well the hub learns whom to ask: against the rule that ranks by the raw rate of success and other simple rules,
 * with the same tasks and the same luck; and how soon it knows who claims too high a level. The shipped hub and agents
 * play in virtual time.
 */
import type { Progress } from '../lab/experiment.ts'
import { type ChoiceOptions, choicesOf, type Score } from '../lab/learning/choice.ts'
import { type LevelScore, playLevels } from '../lab/learning/levels.ts'
import { playChoices } from '../lab/learning/network.ts'
import { dispatch, rules } from '../lab/learning/rules.ts'
import {
  atLeast,
  atMost,
  type Benchmark,
  type Chart,
  type Measured,
  type Row,
  type Target,
} from './benchmark.ts'
import { type Interval, intervalOf } from './interval.ts'

const agents = 120
const skills = 8
const load = 0.3
/** Share of the agents that become better or worse halfway, in the second world. */
const changing = 1 / 3
/** How often work of the own level succeeds, in the worlds of levels. */
const usuals = [0.5, 0.7, 0.9] as const
const levelJobs = 6_000

export const learning: Benchmark = {
  about: 'whom the hub asks, against simple rules and hidden truth: regret, newcomers, levels',
  needs: { kind: 'nothing' },
  options: {
    seeds: { value: 'N', help: 'worlds of each kind', otherwise: 12 },
    jobs: { value: 'N', help: 'tasks in each world', otherwise: 6_000 },
  },
  examples: [
    ['learning --json', 'all figures in one line'],
    ['learning --seeds 3 --jobs 2000', 'less of it'],
  ],
  run: async (given, progress) => measure(given.whole('seeds'), given.whole('jobs'), progress),
}

type Means<Figures> = { readonly [Name in keyof Figures]: Interval }
/** By who chooses: `convoke`, or the name of a rule. */
type Comparison = Readonly<Record<string, Means<Score>>>

/** Those of the levels are others than those on which the thresholds were chosen. */
const firstLevelSeed = 101

function measure(seeds: number, jobs: number, progress: Progress): Measured {
  const options = { agents, skills, jobs, load, changing: 0 }
  const steady = compare('nobody changes', seeds, options, progress)
  const changed = compare('a third changes', seeds, { ...options, changing }, progress)
  const levels: Record<string, Means<LevelScore>> = {}
  for (const usual of usuals) {
    progress(`levels, where ${usual * 100} % of the work at the own level succeeds …`)
    const world = { agents, boasting: 0.3, usual, outcomes: 20, jobsMax: levelJobs }
    const scores = Array.from({ length: seeds }, (_, i) => playLevels(firstLevelSeed + i, world))
    levels[`usual${usual * 100}`] = meansOf(scores)
  }
  const exact = Math.min(...Object.values(levels).map(({ exact }) => exact.mean))
  const { convoke, rawRate } = steady.by
  if (convoke === undefined || rawRate === undefined) throw new Error('every comparison has both')
  const figures = {
    regretRatio: steady.ratio.mean,
    regretRatioPlusMinus: steady.ratio.plusMinus,
    regretRatioWhereAThirdChanges: changed.ratio.mean,
    newcomersTried: convoke.triedWithin50.mean,
    levelsExactAfter20: exact,
    successRate: convoke.success.mean,
    baselineSuccessRate: rawRate.success.mean,
  }
  const world = { agents, newcomers: agents / 2, skills, jobs, seeds }
  const choosing = { choosing: steady.by, choosingWhereAThirdChanges: changed.by }
  return {
    report: { ...world, ...figures, ...choosing, levels },
    rows: rowsOf(figures),
    charts: [chartOf(steady.by)],
  }
}

interface Figures {
  readonly regretRatio: number
  readonly regretRatioWhereAThirdChanges: number
  readonly newcomersTried: number
  readonly levelsExactAfter20: number
  readonly successRate: number
  readonly baselineSuccessRate: number
}

function rowsOf(figures: Figures): Row[] {
  const row = (figure: string, value: number, target?: Target): Row => {
    return target === undefined ? { figure, value, unit: '' } : { figure, value, unit: '', target }
  }
  return [
    row('regret, as a share of the raw rate’s', figures.regretRatio, atMost(0.6)),
    row('the same where a third of the agents changes', figures.regretRatioWhereAThirdChanges),
    row('newcomers tried within 50 tasks of their skill', figures.newcomersTried, atLeast(0.95)),
    row('levels exact after 20 outcomes, in the hardest world', figures.levelsExactAfter20, atLeast(0.9)),
    row('tasks that succeed', figures.successRate),
    row('tasks that succeed by the raw rate', figures.baselineSuccessRate),
  ]
}

function chartOf(by: Comparison): Chart {
  return {
    kind: 'bars',
    name: 'learning',
    title: `Whom to ask: ${agents} agents, half of them new`,
    values: 'regret per task',
    bars: Object.entries(by).map(([label, { regret }]) => ({ label, value: regret.mean })),
  }
}

/** All rules in the same worlds, and by how much less the hub regrets than the raw rate, world by world. */
function compare(
  what: string,
  seeds: number,
  options: ChoiceOptions,
  progress: Progress,
): { by: Comparison; ratio: Interval } {
  const scores: Record<string, Score[]> = {}
  for (let seed = 1; seed <= seeds; seed++) {
    progress(`choosing, ${what}: world ${seed} of ${seeds} …`)
    const choices = choicesOf(seed, options)
    const add = (name: string, score: Score): void => {
      scores[name] = [...(scores[name] ?? []), score]
    }
    add('convoke', playChoices(choices, seed))
    for (const [name, rule] of Object.entries(rules)) add(name, dispatch(choices, rule, seed))
  }
  const by = Object.fromEntries(Object.entries(scores).map(([name, list]) => [name, meansOf(list)]))
  const ratios = (scores.convoke ?? []).map(({ regret }, i) => regret / (scores.rawRate?.[i]?.regret ?? 0))
  return { by, ratio: intervalOf(ratios) }
}

function meansOf<Figures extends { readonly [Name in keyof Figures]: number }>(
  scores: readonly Figures[],
): Means<Figures> {
  const names = Object.keys(scores[0] ?? {}) as (keyof Figures)[]
  const means = names.map((name) => [name, intervalOf(scores.map((score) => score[name]))])
  return Object.fromEntries(means) as Means<Figures>
}
