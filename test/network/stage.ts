/**
 * What the tests of a whole network share: a network that is closed after its test, agents in one line, gates instead
 * of sleeping.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  type AgentDefinition,
  type AgentHandle,
  type AnnounceSpec,
  Network,
  type NetworkOptions,
  RefusedError,
} from '../../src/index.ts'
import type { Refusal } from '../../src/protocol/refusal.ts'

/** A test that waits for what never comes ends all the same. */
export const patient: { readonly timeout: number } = { timeout: 20_000 }

/** Rounds of asking follow each other quickly. */
const brisk = { retryMs: 20 } as const

export async function networkFor(
  t: TestContext,
  { limits, ...options }: NetworkOptions = {},
  where = ':memory:',
): Promise<Network> {
  const network = await Network.open(where, { seed: 1, ...options, limits: { ...brisk, ...limits } })
  t.after(() => network.close())
  return network
}

/** The path of a file that does not exist yet, in a directory that goes away with the test. */
export function fileFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'network-'))
  // Networks are closed after this, and until then one may still write there.
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
  return join(directory, 'network.db')
}

type Perform = AgentDefinition['perform']

/** An agent with one skill, `work` unless said, on any level. */
export function agent(
  network: Network,
  id: string,
  perform: Perform,
  more: Partial<AgentDefinition> = {},
): Promise<AgentHandle> {
  return network.join({ id, skills: [{ name: 'work', level: 'expert' }], perform, ...more })
}

/** The smallest announcement. */
export function need(more: Partial<AnnounceSpec> = {}): AnnounceSpec {
  return { description: 'Do the work', requires: [{ skill: 'work' }], ...more }
}

/** Waits for a refusal, thrown or rejected, and answers it. */
export async function refusalOf(action: Promise<unknown> | (() => unknown)): Promise<Refusal> {
  try {
    await (typeof action === 'function' ? action() : action)
  } catch (error) {
    assert.ok(error instanceof RefusedError, `refused, but with ${String(error)}`)
    assert.ok(error.refusal.message.length > 0 && !error.refusal.message.endsWith('.'))
    assert.equal(error.code, error.refusal.code)
    assert.ok(error.message.startsWith(error.refusal.message))
    return error.refusal
  }
  throw new assert.AssertionError({ message: 'it was not refused' })
}

export async function assertRefused(promise: Promise<unknown>, code: string, field?: string): Promise<void> {
  const refusal = await refusalOf(promise)
  assert.deepEqual({ code: refusal.code, field: refusal.field }, { code, field }, refusal.message)
}

/** Something that happens once and that a test waits for. */
export interface Gate<Value = void> {
  readonly passed: Promise<Value>
  open(value: Value): void
}

export function gate<Value = void>(): Gate<Value> {
  const { promise, resolve } = Promise.withResolvers<Value>()
  return { passed: promise, open: resolve }
}

/** Resolves when the signal aborts, with its reason in words. */
export async function aborted(signal: AbortSignal): Promise<string> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  }
  assert.ok(signal.reason instanceof DOMException && signal.reason.name === 'AbortError')
  return signal.reason.message
}

export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = []
  for await (const value of values) all.push(value)
  return all
}
