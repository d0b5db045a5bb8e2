/**
 * A world in which things go wrong by chance for a while, then heal: messages are lost, late, doubled; agents fail, go
 * silent, die and come back; the hub crashes. The seed decides everything.
 * Must never happen here: a check. Whoever plays it looks at what came out.
 */
import type { AnnounceSpec } from '../../src/host/autonomous.ts'
import { defaultConfiguration, defaultLimits } from '../../src/protocol/limits.ts'
import { priorities } from '../../src/protocol/task.ts'
import type { Millis } from '../../src/protocol/time.ts'
import { seeded } from '../../src/strategy/random.ts'
import { type Happening, hubName, World } from '../world.ts'
import type { Behaviour } from './behaviour.ts'

export interface StormOptions {
  readonly seed: number
  readonly agents: number
  readonly tasks: number
  /** How long things go wrong. */
  readonly stormMs: Millis
  readonly watch?: (happening: Happening, at: Millis) => void
}

export interface Storm {
  readonly world: World
  readonly happenings: readonly Happening[]
}

const skills = ['cleaning', 'training', 'drawing'] as const
const levels = ['novice', 'intermediate', 'advanced'] as const

/** Plays the storm and what follows it, until nothing more is to be expected. */
export async function weather(options: StormOptions): Promise<Storm> {
  const random = seeded(options.seed ^ 0x5707)
  const whole = (below: number): number => Math.floor(random() * below)
  const pick = <Value>(values: readonly Value[]): Value => values[whole(values.length)] as Value
  const happenings: Happening[] = []
  // Each world has its own mixture, so that no fault hides another.
  const loss = random() < 0.5 ? random() * 0.2 : 0
  const twice = random() < 0.5 ? random() * 0.2 : 0
  const late = random() < 0.5 ? random() * 0.1 : 0
  const turmoil = random() * 0.4
  let calm = false
  const world = new World({
    seed: options.seed,
    configuration: {
      ...defaultConfiguration,
      limits: { ...defaultLimits, endedKept: 3, workSilenceMs: 40_000, snapshotEvery: 40 },
    },
    shuffled: true,
    commitMs: () => whole(20),
    fate: () => {
      const delay = (): Millis => 1 + whole(5) + (!calm && random() < late ? whole(6_000) : 0)
      if (calm) return [delay()]
      if (random() < loss) return []
      return random() < twice ? [delay(), delay()] : [delay()]
    },
    watch: (happening, at) => {
      happenings.push(happening)
      options.watch?.(happening, at)
    },
  })
  const behaviours = Array.from({ length: options.agents }, (_, i) => randomBehaviour(i, whole, random))
  world.openHub()
  await world.openDesk('desk')
  for (const behaviour of behaviours) await world.join(behaviour)
  await world.timeline.runUntil(100)

  const step = options.stormMs / options.tasks
  for (let i = 0; i < options.tasks; i++) {
    announceOne(world, i, whole, pick, random)
    await world.timeline.runUntil(world.timeline.now + whole(step))
    if (random() < turmoil) await upset(world, behaviours, whole, pick, random)
  }
  calm = true
  await heal(world, behaviours)
  return { world, happenings }
}

function randomBehaviour(i: number, whole: (below: number) => number, random: () => number): Behaviour {
  const own = skills.filter((_, s) => s === i % skills.length || random() < 0.4)
  const workMs = 100 + whole(8_000)
  return {
    id: `agent-${i}`,
    // The first of each skill can do everything that is asked, so that nothing waits for ever.
    skills: own.map((name) => ({
      name,
      level: i < skills.length ? 'expert' : (levels[whole(3)] ?? 'novice'),
    })),
    maxConcurrentTasks: 1 + whole(3),
    workMs,
    checkpointsAt: random() < 0.5 ? [Math.floor(workMs / 3), Math.floor(workMs / 2)] : [],
    fails: random() < 0.3 ? whole(3) : 0,
    stubborn: random() < 0.2,
    ...(random() < 0.2 ? { rejects: 'not now', rejectsTimes: whole(3) } : {}),
  }
}

type Whole = (below: number) => number
type Pick = <Value>(values: readonly Value[]) => Value

function announceOne(world: World, i: number, whole: Whole, pick: Pick, random: () => number): void {
  const needs = skills.filter(() => random() < 0.5)
  const asked = needs.length > 0 ? needs : [pick(skills)]
  const before = i > 0 && random() < 0.2 ? { dependsOn: [`task-${whole(i)}`] } : {}
  const verify = random()
  const byInitiator = verify > 0.9
  const spec: AnnounceSpec = {
    id: `task-${i}`,
    description: 'weather',
    requires: asked.map((skill) => ({ skill, level: pick(levels), count: 1 })),
    ...(random() < 0.3 ? { optional: [{ skill: 'singing' }] } : {}),
    priority: pick(priorities),
    maxAttempts: 1 + whole(6),
    ...(random() < 0.2 ? { deadlineMs: 1_000 + whole(60_000) } : {}),
    ...(random() < 0.2 ? { minMembers: Math.min(2, asked.length) } : {}),
    ...before,
    ...(verify < 0.15 ? { verify: () => random() < 0.7 } : {}),
    ...(byInitiator ? { startBy: 'initiator' } : {}),
  }
  world.announce('desk', spec, (task) => {
    if (byInitiator) void task.start()
  })
}

async function upset(
  world: World,
  behaviours: readonly Behaviour[],
  whole: Whole,
  pick: Pick,
  random: () => number,
): Promise<void> {
  const { id } = pick(behaviours)
  const what = whole(7)
  if (what === 0) world.crash(id)
  else if (what === 1) world.pause(id, 1_000 + whole(30_000))
  else if (what === 2) {
    world.wire.cut(id, hubName)
    if (random() < 0.5) world.wire.cut(hubName, id)
  } else if (what === 3) world.wire.heal()
  else if (what === 4) await world.cancel('desk', `task-${whole(20)}`, 'by chance')
  else if (what === 5) world.skew(pick([id, hubName]), whole(20_000) - 10_000)
  else {
    world.crashHub(whole(3))
    await world.timeline.runUntil(world.timeline.now + whole(10_000))
    world.openHub()
  }
}

/** Everything is whole again: every agent has a life that the hub will take, and time to finish what is open. */
async function heal(world: World, behaviours: readonly Behaviour[]): Promise<void> {
  world.wire.heal()
  world.openHub()
  for (const { id } of behaviours) world.crash(id)
  await world.timeline.runUntil(world.timeline.now + 40_000)
  for (const behaviour of behaviours) {
    const { rejects: _, ...willing } = behaviour
    await world.join({ ...willing, fails: 0 })
  }
  await world.timeline.runUntil(world.timeline.now + 900_000)
}
