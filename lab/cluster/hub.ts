/**
 * A process that is the hub of the network under examination, or stands by. It tells on standard output when it begins
 * to decide, and is ended by being killed.
 */
import { Network } from '../../src/index.ts'
import { type Orders, tellLine } from './orders.ts'

const { url, name, limits, seed } = JSON.parse(process.argv[2] ?? '') as Orders

await Network.open(url, {
  name,
  limits,
  seed,
  notify({ code, text }) {
    if (code === 'hub')
      tellLine({ kind: /is the hub now/.test(text) ? 'decides' : 'stands-by', at: Date.now(), text })
  },
})
tellLine({ kind: 'up', at: Date.now(), text: name })
