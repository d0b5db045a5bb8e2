/**
 * A process with agents of the network under examination: they work a little, save what they have, fail now and then,
 * and tell on standard output what they begin and how much they have in hand.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Network } from '../../src/index.ts'
import { seeded } from '../../src/strategy/random.ts'
import type { Order } from '../crash/load.ts'
import { capacity, type Orders, tellLine } from './orders.ts'

const skills = ['etl', 'statistics', 'report'] as const

const { url, name, limits, seed, agents } = JSON.parse(process.argv[2] ?? '') as Orders
const random = seeded(seed)
const network = await Network.open(url, { name, limits, seed, hub: false })
for (const number of agents) {
  const id = `agent-${number}`
  // Every sixth one judges what the others have done.
  const skill = number % 6 === 5 ? 'review' : (skills[number % 3] ?? 'etl')
  let busy = 0
  await network.join({
    id,
    skills: [{ name: skill, level: 'expert' }],
    maxConcurrentTasks: capacity,
    async perform({ task, epoch, payload }, work) {
      busy += 1
      tellLine({ kind: 'begun', task, epoch, agent: id, busy })
      try {
        if (skill === 'review') return { accepted: random() < 0.8, reason: 'the load wanted it so' }
        const { workMs, failing } = payload as Order
        await pause(workMs)
        await work.checkpoint({ by: id, epoch })
        await pause(workMs)
        if (random() < failing) throw new Error('the load wanted it so')
        return { by: id, epoch }
      } finally {
        busy -= 1
        tellLine({ kind: 'ended', at: Date.now(), task, epoch, agent: id })
      }
    },
  })
}
tellLine({ kind: 'up', at: Date.now(), text: name })
