/**
 * How a hub and an agent are configured. Every limit has a unit and a default; what is said here are the defaults.
 * Run it: `node examples/configuration.ts`
 */
import { Network, RefusedError } from '../src/index.ts'

await using network = await Network.open(':memory:', {
  limits: {
    /** Open tasks; the next announcement is refused with E_FULL. */
    maxAnnouncements: 1_000,
    /** From the first question to a formed group. */
    groupTimeoutMs: 30_000,
    /** How often the hub looks for what no message will tell it. */
    maintenanceIntervalMs: 60_000,
    /** How often an agent repeats its skills to the hub. */
    skillUpdateIntervalMs: 300_000,
  },
  levels: ['novice', 'intermediate', 'advanced', 'expert'],
})

await network.join({
  id: 'ada',
  skills: [{ name: 'translation', level: 'advanced', successRate: 0.9, meanTimeMs: 20 }],
  maxConcurrentTasks: 5,
  perform: ({ payload }) => String(payload).toUpperCase(),
})

const words = ['one', 'two', 'three', 'four', 'five', 'six', 'seven']
const tasks = await Promise.all(
  words.map((word) =>
    network.announce({ description: `Shout "${word}"`, requires: [{ skill: 'translation' }], payload: word }),
  ),
)
const outcomes = await Promise.all(tasks.map((task) => task.outcome()))
console.log(outcomes.map(({ results }) => results.translation?.[0]?.result).join(' '))

for (const { id, capacity, skills } of await network.agents()) {
  for (const { name, successes, successRate } of skills) {
    const expected = `${Math.round(successRate * 100)} % expected of the next`
    console.log(`${id} takes ${capacity} at once; ${name}: ${Math.round(successes)} done, ${expected}`)
  }
}

try {
  await Network.open(':memory:', { limits: { groupTimeoutMs: -1 } })
} catch (cause) {
  if (!(cause instanceof RefusedError)) throw cause
  console.log(`${cause.code}: ${cause.refusal.message}`)
}
