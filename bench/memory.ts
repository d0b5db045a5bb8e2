/**
 * What a registered agent and one more skill of it weigh in the hub: the heap of hubs of different sizes, compared.
 */
import { Hub } from '../src/hub/hub.ts'
import type { AgentId, HubId, SkillName } from '../src/protocol/id.ts'
import { seeded } from '../src/strategy/random.ts'

const agentCount = 100_000

export async function memoryPerAgent(): Promise<{ bytesPerAgent: number; bytesPerSkill: number }> {
  const one = await heapOf(1)
  const three = await heapOf(3)
  const bytesPerSkill = (three - one) / 2
  return { bytesPerAgent: Math.round(one - bytesPerSkill), bytesPerSkill: Math.round(bytesPerSkill) }
}

/** Heap bytes per agent of a hub in which every agent has this many skills. */
async function heapOf(skillCount: number): Promise<number> {
  const hub = new Hub({ id: 'hub' as HubId, incarnation: 1 }, seeded(1))
  hub.receive({ kind: 'opened' }, 1)
  const before = await heapUsed()
  for (let i = 0; i < agentCount; i++) {
    const from = { id: `agent-${i}` as AgentId, incarnation: 1 }
    const skills = Array.from({ length: skillCount }, (_, k) => {
      return { name: `skill-${(i + 7 * k) % 200}` as SkillName, level: 'advanced' }
    })
    hub.receive(
      {
        kind: 'received',
        envelope: { from, to: hub.address(), message: { kind: 'AGENT_JOIN', skills, capacity: 5 } },
      },
      1,
    )
    hub.drain()
  }
  const after = await heapUsed()
  hub.receive({ kind: 'woke' }, 2)
  return (after - before) / agentCount
}

/** What lives on the heap and in buffers, in bytes, after collecting. Needs `--expose-gc`. */
export async function heapUsed(): Promise<number> {
  const collect = (globalThis as { gc?: () => void }).gc
  if (collect === undefined) throw new Error('Run with --expose-gc.')
  for (let i = 0; i < 3; i++) {
    collect()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
