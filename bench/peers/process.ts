/**
 * The process of one peer, started by `bench/peers.ts`: opens the peer, then does the work that it is sent and answers
 * with the time it took.
 * Must never happen here: an answer for results that are not what the work comes to.
 */
import { type Answer, flow, job, type Open, type Order } from './peer.ts'

const peers: Readonly<Record<string, () => Promise<{ open: Open }>>> = {
  bullmq: () => import('./bullmq.ts'),
  convoke: () => import('./convoke.ts'),
  dbos: () => import('./dbos.ts'),
  langgraph: () => import('./langgraph.ts'),
  moleculer: () => import('./moleculer.ts'),
  restate: () => import('./restate.ts'),
}

function answer(message: Answer): void {
  process.send?.(message)
}

async function main([name = '', server = '']: readonly string[]): Promise<void> {
  const { open } = (await peers[name]?.()) ?? {}
  if (open === undefined) throw new Error(`there is no peer "${name}"`)
  const peer = await open(server)
  let round = 0
  process.on('message', async ({ kind, count, inFlight }: Order) => {
    const inputs = Array.from({ length: count }, (_, i) => `${round}-${i}`)
    round += 1
    try {
      const started = performance.now()
      const results = await peer[kind](inputs, inFlight)
      const tookMs = performance.now() - started
      const expected = kind === 'jobs' ? job : flow
      const wrong = inputs.findIndex((input, i) => results[i] !== expected(input))
      if (wrong !== -1) throw new Error(`${kind} ${inputs[wrong]} came to "${results[wrong]}"`)
      answer({ kind: 'done', tookMs })
    } catch (cause) {
      answer({ kind: 'failed', reason: String(cause) })
    }
  })
  process.once('disconnect', async () => {
    await peer.close()
    process.exit(0)
  })
  answer({ kind: 'ready' })
}

await main(process.argv.slice(2))
