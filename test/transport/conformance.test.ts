/**
 * Every transport that we ship passes the examination.
 */
import { setImmediate } from 'node:timers/promises'
import { examineTransport } from '../../lab/conformance/transport.ts'
import { runSoon } from '../../src/host/clock.ts'
import { memoryTransport } from '../../src/host/transport/memory.ts'

examineTransport('memory', async () => ({
  transport: memoryTransport(runSoon()),
  async settle() {
    await setImmediate()
    await setImmediate()
  },
  async end() {},
}))
