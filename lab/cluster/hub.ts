/**
 * A process that is the hub of partitions of the network under examination, or stands by. It tells on standard output
 * when it begins to decide, and is ended by being killed.
 */
import { Network } from '../../src/index.ts'
import { type Orders, tellLine } from './orders.ts'

const { url, name, limits, seed, partitions } = JSON.parse(process.argv[2] ?? '') as Orders

await Network.open(url, {
  name,
  limits,
  seed,
  partitions,
  notify({ code, text }) {
    if (code !== 'hub') return
    const partition = Number(/partition (\d+)/.exec(text)?.[1] ?? 0)
    const kind = /is the hub .*now/.test(text) ? 'decides' : 'stands-by'
    tellLine({ kind, at: Date.now(), partition, text })
  },
})
tellLine({ kind: 'up', at: Date.now(), text: name })
