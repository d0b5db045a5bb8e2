/** How work is handed to the libraries that `npm run bench -- peers` compares. Their packages are not needed here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { cpuMs, ticksOf } from '../../bench/peers/cpu.ts'
import { each, flow, inBulk, job } from '../../bench/peers/peer.ts'

/** Does a job after a while, and remembers how many it did at the same moment at most. */
function clerk(): { most: () => number; do: (input: string) => Promise<string> } {
  let open = 0
  let most = 0
  return {
    most: () => most,
    do: async (input) => {
      open += 1
      most = Math.max(most, open)
      await sleep(input.length % 3)
      open -= 1
      return job(input)
    },
  }
}

const inputs = fc.array(fc.string({ maxLength: 5 }), { maxLength: 40 })
const inFlight = fc.integer({ min: 1, max: 9 })

test('each does everything once and in order, with no more in flight than allowed, and no fewer', async () => {
  const property = fc.asyncProperty(inputs, inFlight, async (inputs, inFlight) => {
    const { most, do: one } = clerk()
    assert.deepEqual(await each(inputs, inFlight, one), inputs.map(job))
    assert.equal(most(), Math.min(inFlight, inputs.length))
  })
  await fc.assert(property, { numRuns: 30 })
})

test('inBulk does everything once and in order, with no more in flight than two batches', async () => {
  const property = fc.asyncProperty(inputs, inFlight, async (inputs, inFlight) => {
    const { most, do: one } = clerk()
    const results = await inBulk(inputs, inFlight, async (batch) => batch.map(one))
    assert.deepEqual(results, inputs.map(job))
    assert.ok(most() <= 2 * Math.ceil(inFlight / 2))
  })
  await fc.assert(property, { numRuns: 30 })
})

test('a failure of one is the failure of all', async () => {
  const fails = async (): Promise<string> => {
    throw new Error('no')
  }
  await assert.rejects(each(['a', 'b'], 2, fails), /no/)
  await assert.rejects(
    inBulk(['a', 'b'], 2, async (batch) => batch.map(fails)),
    /no/,
  )
})

test('a flow is a plan of three parts, the work on each, and the merge', () => {
  assert.equal(flow('x'), 'x a done, x b done, x c done')
})

test('processor time is that of a process and its ended children, whatever the process is called', () => {
  const times = '7 20 4 1'
  assert.equal(ticksOf(`42 (a) 9 9) S 1 42 42 0 -1 0 0 0 0 0 ${times} 20 0 1 0`), 32)
  assert.equal(cpuMs([2 ** 30]), 0)
})
