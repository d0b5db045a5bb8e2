/**
 * The process whose power is cut: the journal's own writer on a disk that fails as planned. What it is about to write
 * and what was acknowledged it says in a ledger on a real disk, before and after.
 * Must never happen here: a write of the journal that the planned disk does not see.
 */
import fs, { openSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync } from 'node:sqlite'
import { Fault } from '../../src/host/fault.ts'
import { encodeFacts, tasksOf } from '../../src/host/journal/batch.ts'
import { Packer } from '../../src/host/journal/packing.ts'
import { type Durability, SqliteWriter } from '../../src/host/journal/sqlite-writer.ts'
import type { Fact } from '../../src/protocol/index.ts'
import { type Step, snapshotOf, steps } from './work.ts'

/** `lie`: a disk that acknowledges syncs and does nothing; the proof that the lab would see a loss. */
export type DiskFault = 'none' | 'cut' | 'write' | 'sync' | 'full' | 'lie'

export interface Life {
  readonly library: string
  readonly file: string
  readonly ledger: string
  readonly durability: Durability
  readonly seed: number
  readonly life: number
  readonly steps: number
  readonly fault: DiskFault
  /** The operation of the disk, from 1, at which it happens, or at the first one after it that can fail so. */
  readonly at: number
  /** Every later operation fails too. */
  readonly lasting: boolean
}

export type Line =
  | { readonly kind: 'offered'; readonly facts: readonly Fact[] }
  | { readonly kind: 'acknowledged'; readonly position: number }
  | { readonly kind: 'fault'; readonly code: string; readonly during: string }
  /** After a failed append the journal took another. */
  | { readonly kind: 'believed' }
  | { readonly kind: 'end'; readonly operations: number; readonly struck: boolean }

const life = JSON.parse(process.argv[2] ?? '') as Life
const ledger = openSync(life.ledger, 'w')
const say = (line: Line): void => void writeSync(ledger, `${JSON.stringify(line)}\n`)

const packer = new Packer()
const control = new DatabaseSync(':memory:', { allowExtension: true })
control.loadExtension(life.library)
const plan = control.prepare('SELECT disk_plan(?, ?, ?, ?)')
const counted = (what: 'count' | 'struck'): number =>
  Number(control.prepare(`SELECT disk_${what}() AS n`).get()?.n)
catchSyncs()

/** For the mark of `normal` the writer syncs the WAL past SQLite; that too is a sync of this disk. */
function catchSyncs(): void {
  const paths = new Map<number, string>()
  const sync = control.prepare('SELECT disk_sync(?)')
  const { openSync, fsyncSync } = fs
  fs.openSync = (path, ...rest) => {
    const descriptor = openSync(path, ...rest)
    paths.set(descriptor, String(path))
    return descriptor
  }
  fs.fsyncSync = (descriptor) => {
    fsyncSync(descriptor)
    sync.get(paths.get(descriptor) ?? '')
  }
  syncBuiltinESMExports()
}

class Work {
  readonly #facts: Fact[] = []
  #writer: SqliteWriter

  constructor() {
    this.#writer = new SqliteWriter(life.file, life.durability)
  }

  perform(step: Step): void {
    switch (step.kind) {
      case 'append':
        return this.#append(step.facts)
      case 'snapshot':
        return this.#writer.snapshot(encodeFacts(snapshotOf(this.#facts), packer))
      case 'reopen':
        this.#writer.close()
        this.#writer = new SqliteWriter(life.file, life.durability)
        return
      default:
        return this.#writer[step.kind]()
    }
  }

  #append(facts: readonly Fact[]): void {
    const body = encodeFacts(facts, packer)
    say({ kind: 'offered', facts })
    const position = this.#writer.append(body, facts.length, JSON.stringify(tasksOf(facts)))
    this.#facts.push(...facts)
    say({ kind: 'acknowledged', position })
  }

  /** Whether it takes another append, now that one has failed. */
  believes(facts: readonly Fact[]): boolean {
    try {
      this.#writer.append(encodeFacts(facts, packer), facts.length, '[]')
      return true
    } catch {
      return false
    }
  }

  close(): void {
    this.#writer.close()
  }
}

function run(): void {
  let during = 'opening'
  let work: Work | undefined
  try {
    work = new Work()
    for (const step of steps(life.seed, life.life, life.steps)) {
      during = step.kind
      work.perform(step)
    }
    during = 'closing'
    work.close()
  } catch (cause) {
    const code = cause instanceof Fault ? cause.code : `no fault: ${String(cause)}`
    say({ kind: 'fault', code, during })
    const isFailedWrite = during === 'append' || during === 'snapshot'
    if (
      isFailedWrite &&
      work?.believes([{ kind: 'hub.started', at: 1, hub: 'x' as never, incarnation: 1 }])
    ) {
      say({ kind: 'believed' })
    }
    try {
      work?.close()
    } catch {
      // The first fault was said.
    }
  }
}

plan.get(life.fault, life.at, life.seed * 31 + life.at, life.lasting ? 1 : 0)
run()
say({ kind: 'end', operations: counted('count'), struck: counted('struck') > 0 })
control.prepare('SELECT disk_end(?)').get(life.fault === 'lie' ? 1 : 0)
