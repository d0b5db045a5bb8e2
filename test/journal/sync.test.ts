/**
 * What SIGKILL cannot prove: that the disk was asked to keep a commit before it was acknowledged. The system calls of a
 * real writer are watched.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { directoryFor } from './place.ts'

/** Why system calls cannot be watched here, or undefined. */
function unwatchable(): string | undefined {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'pipe' })
    return undefined
  } catch (cause) {
    return `strace does not run here: ${String(cause).split('\n', 1)[0]}`
  }
}

type Call = 'sync' | 'acknowledged'

/** The syncs that succeeded and the acknowledgements of a writer, in order, until there were `enough` of the latter. */
async function watch(t: TestContext, durability: 'full' | 'normal', enough: number): Promise<Call[]> {
  const directory = directoryFor(t)
  const trace = join(directory, 'trace')
  const script = fileURLToPath(new URL('./writer.ts', import.meta.url))
  const watching = ['-f', '-qq', '-e', 'trace=fsync,fdatasync,write', '-o', trace]
  const writer = [process.execPath, script, join(directory, 'log.db'), durability]
  // In a group of its own, so that the watched one ends with the one that watches.
  const child = spawn('strace', [...watching, ...writer], {
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  })
  const gone = once(child, 'exit')
  let calls: Call[] = []
  for (let waits = 0; count(calls, 'acknowledged') < enough && waits < 200; waits++) {
    await sleep(50)
    calls = existsSync(trace) ? callsIn(readFileSync(trace, 'utf8')) : []
  }
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  await gone
  return calls
}

function callsIn(trace: string): Call[] {
  return trace.split('\n').flatMap((line): Call[] => {
    if (/\bf(data)?sync\b.*= 0$/.test(line)) return ['sync']
    return /\bwrite\(1, "\d+\\n"/.test(line) ? ['acknowledged'] : []
  })
}

function count(calls: readonly Call[], call: Call): number {
  return calls.filter((each) => each === call).length
}

test('JOURNAL-23 with full durability a sync comes before every acknowledgement', async (t) => {
  const reason = unwatchable()
  if (reason !== undefined) return t.skip(reason)
  const calls = await watch(t, 'full', 20)
  assert.ok(count(calls, 'acknowledged') >= 20)
  for (const [i, call] of calls.entries()) {
    assert.ok(call === 'sync' || calls[i - 1] === 'sync', `no sync before the acknowledgement ${i}`)
  }
})

test('JOURNAL-23 with normal durability commits do not wait for the disk', async (t) => {
  const reason = unwatchable()
  if (reason !== undefined) return t.skip(reason)
  const calls = await watch(t, 'normal', 100)
  assert.ok(count(calls, 'acknowledged') >= 100)
  assert.ok(count(calls, 'sync') < 50, `${count(calls, 'sync')}`)
})
