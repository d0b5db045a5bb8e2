/**
 * What a seed stands for: the network, its load, and which faults it meets and how often. Everything is written out,
 * so that a failing run can be printed, cut down and played again.
 * Must never happen here: a choice that is not drawn from the seed.
 */
import type { SkillSpec } from '../../src/protocol/join.ts'
import { defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import { priorities } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { type Dice, diceOf } from './dice.ts'

/** What can go wrong. Each run has some of them: all at once would hide behind each other. */
export const faultKinds = [
  // on the way
  'loss',
  'duplication',
  'delay',
  'partition',
  'replay',
  // said by nobody, or by somebody else
  'forgery',
  'malformed',
  // the hub and its disk
  'hubCrash',
  'lostTail',
  'diskFull',
  'diskError',
  'slowDisk',
  // any process
  'pause',
  'clockJump',
  'slowNode',
  'agentCrash',
  'flapping',
  'deskCrash',
  // what agents do
  'failure',
  'refusal',
  'stubborn',
  'falseSkills',
  'neverStarts',
  'idleClaim',
  'twice',
  'forOthers',
  'endlessReports',
  // who asks for too much
  'overload',
] as const

export type FaultKind = (typeof faultKinds)[number]

/** Which faults a run has, and how often each, 0 to 1. */
export type Faults = Readonly<Partial<Record<FaultKind, number>>>

/** What an agent does that it should not. */
export type Lie = Extract<
  FaultKind,
  'falseSkills' | 'neverStarts' | 'idleClaim' | 'twice' | 'forOthers' | 'endlessReports'
>

export const lies: readonly Lie[] = [
  'falseSkills',
  'neverStarts',
  'idleClaim',
  'twice',
  'forOthers',
  'endlessReports',
]

export interface AgentPlan {
  readonly id: string
  readonly skills: readonly SkillSpec[]
  readonly capacity: number
  readonly price: number
  readonly workMs: Millis
  /** 0 for never. */
  readonly checkpointEveryMs: Millis
  readonly reportEveryMs: Millis
  /** Shares of its runs, or of the questions and invitations it gets. */
  readonly fails: number
  readonly declines: number
  readonly rejects: number
  /** It goes on when it is told to stop. */
  readonly stubborn: boolean
  /** How often it announces a sub-task, and waits for it. */
  readonly delegates: number
  /** It gives its sub-tasks names of its own, which may belong to any hub. */
  readonly namesErrands: boolean
  /** Its offer does not stand: it wants to be asked about every task. */
  readonly isAsked: boolean
  readonly lie?: Lie
}

/** Where the judgement of a claim comes from: nowhere, the initiator (with the share of noes), or an agent. */
export type Check = 'trust' | 'agent' | { readonly noes: number }

export interface TaskPlan {
  /** Left out, the network makes one, and nobody can announce it again. */
  readonly id?: string
  readonly at: Millis
  readonly by: string
  readonly requires: readonly { readonly skill: string; readonly level: string; readonly count: number }[]
  readonly optional: readonly string[]
  readonly priority: string
  readonly deadlineMs?: Millis
  readonly maxAttempts: number
  readonly workSilenceMs: Millis
  readonly maxGroupSize: number
  readonly minMembers: number
  readonly budget?: number
  readonly dependsOn: readonly string[]
  readonly project?: string
  readonly expectedMs?: Millis
  readonly exclude: readonly string[]
  readonly check: Check
  readonly startBy: 'hub' | 'initiator'
  readonly cancelAt?: Millis
  readonly againAt?: Millis
}

export interface Surroundings {
  readonly seed: number
  /** Among how many hubs tasks and agents are divided. */
  readonly partitions: number
  readonly limits: Limits
  /** How long things go wrong. */
  readonly safetyMs: Millis
  readonly latencyMs: Millis
  readonly commitMs: Millis
  readonly faults: Faults
  readonly agents: readonly AgentPlan[]
  readonly desks: readonly string[]
  readonly tasks: readonly TaskPlan[]
}

export const skills = ['cleaning', 'training', 'drawing', 'testing'] as const
/** Only what is delegated asks for it, and only few can do it. */
export const delegatedSkill = 'errands'
/** Asked of whoever checks a claim. */
export const judgingSkill = 'judging'
const levels = ['novice', 'intermediate', 'advanced'] as const

/** The seed decides everything. */
export function surroundingsOf(seed: number): Surroundings {
  const dice = diceOf(seed, 'surroundings')
  const faults = faultsOf(diceOf(seed, 'faults'))
  // Drawn apart: the other seeds are the networks of one hub that they were before there were several.
  const hubs = diceOf(seed, 'hubs')
  const partitions = hubs.chance(0.25) ? hubs.between(2, 3) : 1
  const limits = {
    ...limitsOf(dice),
    reservationsMax: partitions === 1 ? defaultLimits.reservationsMax : hubs.pick([1, 2, 16]),
  }
  const safetyMs = 15_000 + dice.whole(dice.chance(0.3) ? 120_000 : 50_000)
  const offers = diceOf(seed, 'offers')
  const asked = offers.pick([0, 0.5, 1, 1])
  const agents = Array.from({ length: 1 + dice.whole(dice.chance(0.5) ? 4 : 12) }, (_, i) => {
    const agent = agentOf(diceOf(seed, `agent ${i}`), i, faults)
    return { ...agent, isAsked: offers.chance(asked), namesErrands: partitions > 1 && hubs.chance(0.5) }
  })
  const desks = dice.chance(0.3) ? ['desk-0', 'desk-1'] : ['desk-0']
  const load = (faults.overload === undefined ? 1 : 10) * (2 + dice.whole(20))
  const calm = { safetyMs, agents, desks, limits }
  const tasks: TaskPlan[] = []
  for (let i = 0; i < load; i++) {
    const plan = taskOf(diceOf(seed, `task ${i}`), i, tasks, calm)
    tasks.push({ ...plan, ...projectOf(diceOf(seed, `project ${i}`)) })
  }
  return {
    seed,
    partitions,
    limits,
    safetyMs,
    latencyMs: 1 + dice.whole(dice.chance(0.3) ? 200 : 10),
    commitMs: dice.whole(20),
    faults,
    agents,
    desks,
    tasks: faults.overload === undefined ? tasks : tasks.map((task) => squeeze(task, safetyMs)),
  }
}

/** The same, with agents of which every one wants to be asked about every task. */
export function withoutOpenOffers(surroundings: Surroundings): Surroundings {
  return { ...surroundings, agents: surroundings.agents.map((agent) => ({ ...agent, isAsked: true })) }
}

/** The same, in a network of one hub. */
export function withOneHub(surroundings: Surroundings): Surroundings {
  const agents = surroundings.agents.map((agent) => ({ ...agent, namesErrands: false }))
  const limits = { ...surroundings.limits, reservationsMax: defaultLimits.reservationsMax }
  return { ...surroundings, partitions: 1, limits, agents }
}

/** Ten times the load in a third of the time. */
function squeeze(task: TaskPlan, safetyMs: Millis): TaskPlan {
  return { ...task, at: Math.floor(safetyMs / 3 + (task.at - 1) / 3), againAt: safetyMs - 1 }
}

function faultsOf(dice: Dice): Faults {
  const share = dice.pick([0, 0.1, 0.3, 0.5])
  const faults: Partial<Record<FaultKind, number>> = {}
  for (const kind of faultKinds) {
    const rare = kind === 'overload' ? 0.1 : 1
    if (dice.chance(share * rare)) faults[kind] = Math.round(100 * (0.05 + 0.95 * dice.next() ** 2)) / 100
  }
  return faults
}

function limitsOf(dice: Dice): Limits {
  const heartbeatMs = dice.between(1_000, 3_000)
  return {
    ...defaultLimits,
    maxAnnouncements: dice.pick([12, 40, 1_000]),
    maxAnnouncementsPerInitiator: dice.pick([10, 30, 1_000]),
    groupTimeoutMs: dice.between(4_000, 12_000),
    offerWindowMs: dice.between(200, 1_500),
    holdMs: dice.between(300, 2_500),
    maintenanceIntervalMs: dice.between(5_000, 20_000),
    skillUpdateIntervalMs: dice.between(10_000, 60_000),
    heartbeatMs,
    agentTimeoutMs: heartbeatMs * dice.between(3, 5),
    resendMs: dice.between(500, 2_000),
    retryMs: dice.between(200, 1_000),
    ageStepMs: dice.between(2_000, 30_000),
    patienceMs: dice.between(3_000, 30_000),
    shortlistSpare: dice.whole(3),
    snapshotEvery: dice.pick([5, 30, 1_000]),
    endedKept: dice.pick([0, 2, 10, 1_000]),
    // Enough for the few tasks of a project here, and quick.
    planStepsMax: 2_000,
  }
}

function agentOf(dice: Dice, i: number, faults: Faults): Omit<AgentPlan, 'isAsked' | 'namesErrands'> {
  const own = skills.filter((_, s) => s === i % skills.length || dice.chance(0.35))
  const extra = [
    ...(i === 0 || dice.chance(0.2) ? [judgingSkill] : []),
    ...(i === 0 || dice.chance(0.2) ? [delegatedSkill] : []),
  ]
  const told = lies.filter((lie) => faults[lie] !== undefined)
  const lie = told.length > 0 && dice.chance(0.35) ? dice.pick(told) : undefined
  return {
    id: `agent-${i}`,
    skills: [...own, ...extra].map((name) => ({
      name,
      level: dice.chance(0.6) ? 'expert' : dice.pick(levels),
    })),
    capacity: 1 + dice.whole(3),
    price: dice.chance(0.3) ? 1 + dice.whole(5) : 0,
    workMs: dice.chance(0.3) ? dice.whole(100) : dice.between(100, 8_000),
    checkpointEveryMs: dice.chance(0.4) ? dice.between(200, 3_000) : 0,
    reportEveryMs: dice.chance(0.3) ? dice.between(500, 3_000) : 0,
    fails: sometimes(dice, faults.failure),
    declines: sometimes(dice, faults.refusal),
    rejects: sometimes(dice, faults.refusal),
    stubborn: faults.stubborn !== undefined && dice.chance(faults.stubborn),
    delegates: dice.chance(0.2) ? 0.3 : 0,
    ...(lie === undefined ? {} : { lie }),
  }
}

/** A share that grows with how often the fault is to happen; 0 without it. */
function sometimes(dice: Dice, rate: number | undefined): number {
  return rate !== undefined && dice.chance(0.5) ? rate * dice.next() : 0
}

type Calm = Pick<Surroundings, 'safetyMs' | 'agents' | 'desks' | 'limits'>

function taskOf(dice: Dice, i: number, before: readonly TaskPlan[], calm: Calm): TaskPlan {
  const { safetyMs, agents, desks } = calm
  const at = 1 + dice.whole(safetyMs)
  const asked = skills.filter(() => dice.chance(0.4))
  const requires = (asked.length > 0 ? asked : [dice.pick(skills)]).map((skill) => ({
    skill,
    level: dice.chance(0.6) ? 'novice' : dice.pick(levels),
    count: dice.chance(0.15) ? 2 : 1,
  }))
  const earlier = before.filter((other) => other.id !== undefined && other.at < at).map(({ id }) => id ?? '')
  const startBy = dice.chance(0.1) ? 'initiator' : 'hub'
  const least = requires.reduce((most, { count }) => Math.max(most, count), 1)
  return {
    // Who starts its tasks itself must know them again after it died: their groups wait for it, and hold their slots.
    ...(dice.chance(0.85) || startBy === 'initiator' ? { id: `task-${i}` } : {}),
    at,
    by: dice.pick(desks),
    requires: dice.chance(0.02) ? [{ skill: 'flying', level: 'novice', count: 1 }] : requires,
    optional: dice.chance(0.2) ? [dice.pick(['singing', judgingSkill])] : [],
    priority: dice.pick(priorities),
    ...(dice.chance(0.2) ? { deadlineMs: dice.between(500, 60_000) } : {}),
    maxAttempts: 1 + dice.whole(5),
    workSilenceMs: dice.between(9_000, 20_000),
    maxGroupSize: dice.chance(0.15) ? least + dice.whole(2) : 64,
    minMembers: dice.chance(0.1) ? Math.min(2, least) : 1,
    ...(dice.chance(0.1) ? { budget: 2 + dice.whole(10) } : {}),
    dependsOn: dice.chance(0.2) && earlier.length > 0 ? [dice.pick(earlier)] : [],
    exclude: dice.chance(0.05) ? [dice.pick(agents).id] : [],
    check: checkOf(dice),
    startBy,
    ...(dice.chance(0.1) ? { cancelAt: at + dice.whole(20_000) } : {}),
    ...(dice.chance(0.2) ? { againAt: at + dice.whole(30_000) } : {}),
  }
}

/** Some tasks say to which project they belong, and most say how long they take, not always rightly. */
function projectOf(dice: Dice): Pick<TaskPlan, 'project' | 'expectedMs'> {
  return {
    ...(dice.chance(0.4) ? { project: dice.pick(['bridge', 'tower']) } : {}),
    ...(dice.chance(0.8) ? { expectedMs: dice.between(100, 12_000) } : {}),
  }
}

function checkOf(dice: Dice): Check {
  const drawn = dice.next()
  if (drawn < 0.7) return 'trust'
  return drawn < 0.85 ? { noes: dice.chance(0.5) ? 0 : dice.next() } : 'agent'
}
