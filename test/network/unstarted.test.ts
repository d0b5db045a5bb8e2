/** Groups that wait for their initiator's word, and hold nobody for ever. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agent, need, networkFor, patient } from './stage.ts'

test(
  'END-7 a group that nobody starts lets its members go, one that is started does not',
  patient,
  async (t) => {
    const network = await networkFor(t)
    await agent(network, 'ada', () => new Promise((resolve) => setTimeout(resolve, 20, 'done')))
    const forgotten = await network.announce(need({ startBy: 'initiator', workSilenceMs: 60 }))
    const { status, reason } = await forgotten.outcome()
    assert.equal(status, 'failed')
    assert.equal(reason?.code, 'E_WORK_SILENT')
    assert.equal((await network.agents())[0]?.busy, 0)

    const started = await network.announce(need({ startBy: 'initiator', workSilenceMs: 60_000 }))
    await started.start()
    assert.equal((await started.outcome()).status, 'completed')
  },
)
