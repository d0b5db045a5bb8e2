/**
 * One process of the benchmark on NATS: a hub, or a hundred agents whose work is empty. Asked for it on standard input,
 * it tells the processor time that it has used.
 */
import { createInterface } from 'node:readline'
import { Network } from '../../src/index.ts'
import { skillOf } from './load.ts'

export interface Role {
  readonly url: string
  readonly role: 'hub' | 'agents'
  /** Of the processes with this role, from 0. */
  readonly number: number
  readonly agents: number
  /** Of the network that the first hub makes. */
  readonly partitions: number
}

const { url, role, number, agents, partitions } = JSON.parse(process.argv[2] ?? '') as Role
const limits = { maxAnnouncements: 10_000, maxAnnouncementsPerInitiator: 10_000 }
const hub = role === 'hub'
const name = `bench-${role}-${number}`
const network = await Network.open(url, { name, limits, seed: 1, hub, partitions })
for (let i = 0; role === 'agents' && i < agents; i++) {
  await network.join({
    // All of one process answer under one name, as they would with one key.
    id: `crew--${i}`,
    skills: [{ name: skillOf(i), level: 'advanced' }],
    maxConcurrentTasks: 64,
    perform: () => 'done',
  })
}
process.stdout.write('ready\n')
createInterface({ input: process.stdin })
  .on('line', () => {
    const { user, system } = process.cpuUsage()
    process.stdout.write(`${(user + system) / 1_000}\n`)
  })
  // Whoever started it has ended.
  .on('close', () => process.exit())
