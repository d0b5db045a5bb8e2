/**
 * One run: a safety phase in which things go wrong, healing, and a liveness phase in which everything must come to its
 * end within a bound. The shipped hub host and participants play in it.
 * Must never happen here: a fault after healing, or a result that depends on anything but the surroundings.
 */
import type { AnnounceSpec, Verification } from '../../src/host/autonomous.ts'
import type { TaskHandle } from '../../src/host/task-handle.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { newLife } from '../world/timeline.ts'
import { type Happening, World } from '../world.ts'
import { actor, type Mood } from './actor.ts'
import { diceOf } from './dice.ts'
import { Liars } from './liars.ts'
import { live } from './liveness.ts'
import { judgingSkill, type Surroundings, type TaskPlan } from './surroundings.ts'
import { type FaultCounts, type Stagehands, Troubles } from './troubles.ts'
import { type Violation, Witness } from './witness.ts'

export interface Run {
  readonly seed: number
  readonly events: number
  readonly virtualMs: Millis
  readonly messages: number
  readonly faults: FaultCounts
  /** Promises of safety that did not hold, in the order in which they were noticed. */
  readonly violations: readonly Violation[]
  /** Promises of liveness that did not hold. */
  readonly notLive: readonly Violation[]
  /** Of everything that happened, in order. Empty unless it was asked for. */
  readonly trace: string
  /** The last things that happened, when something did not hold. */
  readonly last: readonly { readonly at: Millis; readonly happening: Happening }[]
}

export interface RunOptions {
  readonly traced?: boolean
  readonly watch?: (happening: Happening, at: Millis) => void
}

/** What all parts of a run share. */
export interface Stageplay {
  readonly surroundings: Surroundings
  readonly world: World
  readonly witness: Witness
  readonly mood: Mood
  /** What each initiator program has announced. */
  readonly announced: Map<string, TaskPlan[]>
}

export async function simulate(surroundings: Surroundings, options: RunOptions = {}): Promise<Run> {
  const witness = new Witness(surroundings, options.traced === true)
  const failures: unknown[] = []
  const onUnhandled = (cause: unknown): void => {
    failures.push(cause)
    witness.complain(
      'SIM-8',
      `an unhandled rejection: ${cause instanceof Error ? cause.stack : String(cause)}`,
    )
  }
  process.on('unhandledRejection', onUnhandled)
  const troubles = new Troubles(surroundings)
  const world = worldOf(surroundings, troubles, witness, options)
  const play: Stageplay = {
    surroundings,
    world: world.world,
    witness,
    mood: { calm: false, count: troubles.count },
    announced: new Map(),
  }
  let notLive: Violation[] = []
  try {
    notLive = await perform(play, troubles, world.liars)
  } catch (cause) {
    witness.complain('SIM-8', `an exception: ${cause instanceof Error ? cause.stack : String(cause)}`)
  } finally {
    process.off('unhandledRejection', onUnhandled)
  }
  const holds = witness.violations.length + notLive.length === 0
  return {
    seed: surroundings.seed,
    events: play.world.timeline.steps,
    virtualMs: play.world.timeline.now,
    messages: witness.messages,
    faults: troubles.counts,
    violations: witness.violations,
    notLive,
    trace: witness.traceHash(),
    last: holds ? [] : witness.last.slice(-200),
  }
}

function worldOf(
  surroundings: Surroundings,
  troubles: Troubles,
  witness: Witness,
  { watch }: RunOptions,
): { readonly world: World; readonly liars: Liars } {
  let liars: Liars | undefined
  const world: World = new World({
    seed: surroundings.seed,
    configuration: {
      limits: surroundings.limits,
      levels: defaultLevels,
      partitions: surroundings.partitions,
    },
    shuffled: true,
    commitMs: () => troubles.commitMs(),
    isAsked: (id) => surroundings.agents.find((agent) => agent.id === id)?.isAsked ?? false,
    fate: () => troubles.fate(),
    watch: (happening, at) => {
      witness.event = world.timeline.steps
      witness.see(happening, at)
      watch?.(happening, at)
      if (happening.kind === 'sent') liars?.overhear(happening.envelope)
    },
  })
  liars = new Liars(world, surroundings, troubles.count, (envelope) => witness.hearsay.hear(envelope))
  return { world, liars }
}

async function perform(play: Stageplay, troubles: Troubles, liars: Liars): Promise<Violation[]> {
  const { world, surroundings, witness, mood } = play
  const hands: Stagehands = {
    world,
    liars,
    revive: (id) => revive(play, id),
    expect: (code) => witness.meantFaults.add(code),
  }
  for (const id of world.hubIds) world.openHub(id)
  for (const id of surroundings.desks) await world.openDesk(id)
  for (const { id } of surroundings.agents) revive(play, id)
  const always = newLife()
  for (const plan of surroundings.tasks) {
    for (const at of [
      plan.at,
      ...(plan.againAt === undefined || plan.id === undefined ? [] : [plan.againAt]),
    ])
      world.timeline.schedule('wake', always, at, () => announce(play, plan))
  }
  troubles.begin(hands)
  await runUntil(play, surroundings.safetyMs)
  if (witness.violations.length > 0) return []
  mood.calm = true
  troubles.end(hands)
  return live(play)
}

/** Far more than any run needs; one that needs more goes round in circles. */
const eventsMax = 500_000

/** Lets things happen up to an instant, or until something is wrong. */
export async function runUntil({ world, witness }: Stageplay, until: Millis): Promise<void> {
  const { timeline } = world
  while (witness.violations.length === 0 && (await timeline.step(until))) {
    if (timeline.steps > eventsMax) witness.complain('LIVE-4', `there is no end to it: ${eventsMax} events`)
  }
  timeline.now = Math.max(timeline.now, until)
}

/** A new life of an agent, or a new program of an initiator, which announces again what it knows by name. */
export function revive(play: Stageplay, id: string): void {
  const { world, surroundings, mood } = play
  if (world.incarnationOf(id) !== undefined) return
  const plan = surroundings.agents.find((agent) => agent.id === id)
  const complain = (cause: unknown): void =>
    play.witness.complain('SIM-8', `${id} cannot start: ${String(cause)}`)
  if (plan !== undefined) {
    const life = world.timeline.steps
    world.join((stage) => actor(plan, surroundings.seed, life, mood, stage)).catch(complain)
    return
  }
  world.openDesk(id).then(() => {
    for (const task of play.announced.get(id) ?? []) {
      if (task.id !== undefined) announce(play, task)
    }
  }, complain)
}

export function announce(play: Stageplay, plan: TaskPlan): void {
  const { world, witness, surroundings } = play
  const known = play.announced.get(plan.by) ?? []
  play.announced.set(plan.by, known)
  if (!known.includes(plan)) known.push(plan)
  if (!world.isOpen(plan.by)) return
  const dice = diceOf(surroundings.seed, `verdicts ${plan.id ?? plan.at}`)
  const spec = specOf(plan, () => {
    if (typeof plan.check !== 'object') return true
    return play.mood.calm || !dice.chance(plan.check.noes) || { accepted: false, reason: 'not good enough' }
  })
  world.announce(plan.by, spec, (task) => {
    witness.toldAccepted(task.id)
    follow(play, plan, task)
  })
}

function follow({ witness, world }: Stageplay, plan: TaskPlan, task: TaskHandle): void {
  task.outcome().then(
    (outcome) => witness.toldOutcome(task.id, outcome),
    () => {},
  )
  if (plan.startBy === 'initiator') void task.start()
  if (plan.cancelAt === undefined || plan.cancelAt <= world.timeline.now) return
  world.timeline.schedule('wake', newLife(), plan.cancelAt, () => {
    task.cancel('by plan').catch(() => {})
  })
}

function specOf(plan: TaskPlan, verify: () => Verification): AnnounceSpec {
  const { id, deadlineMs, expectedMs, project, budget, check } = plan
  return {
    ...(id === undefined ? {} : { id }),
    description: 'simulated',
    requires: plan.requires,
    optional: plan.optional.map((skill) => ({ skill })),
    priority: plan.priority,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(expectedMs === undefined ? {} : { expectedMs }),
    ...(project === undefined ? {} : { project }),
    ...(budget === undefined ? {} : { budget }),
    maxAttempts: plan.maxAttempts,
    workSilenceMs: plan.workSilenceMs,
    maxGroupSize: plan.maxGroupSize,
    minMembers: plan.minMembers,
    dependsOn: plan.dependsOn,
    exclude: plan.exclude,
    startBy: plan.startBy,
    ...(check === 'trust' ? {} : { verify: check === 'agent' ? { skill: judgingSkill } : verify }),
  }
}
