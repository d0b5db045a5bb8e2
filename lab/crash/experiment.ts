/**
 * Kills a real network process in the middle of its work, again and again on one file, and asks an auditor whether
 * anything that was told to a client is missing, doubled or done again.
 * Must never happen here: a round whose program ended by itself and counts as killed.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { auditJournal } from '../../src/host/journal/audit.ts'
import { readSqliteJournal } from '../../src/host/journal/sqlite-reader.ts'
import { seeded } from '../../src/strategy/random.ts'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { Auditor } from './auditor.ts'
import { type FactNote, ledgerReader, noteOf, type Told } from './ledger.ts'
import { numberOf } from './load.ts'
import type { Start } from './network.ts'

export const crash: Experiment = {
  about: 'kill -9 of a network under load, and what its clients were told against its journal',
  options: {
    kills: { value: 'N', help: 'how often it is killed', otherwise: 200 },
    seed: { value: 'N', help: 'of the load and of the moments', otherwise: 1 },
    keep: { help: 'leave the file and the ledger, and say where they are' },
  },
  examples: [
    ['crash --json', 'two hundred kills, two to three minutes'],
    ['crash --kills 10000 --seed 7', 'a night'],
  ],
  run,
}

/** How long the last start may take for all that is left open. */
const finishMs = 60_000

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-crash-'))
  const rounds = new Rounds(folder, given.whole('seed'))
  try {
    const startedAt = performance.now()
    const kills = given.whole('kills')
    for (let kill = 1; kill <= kills; kill++) {
      await rounds.kill()
      if (kill % 20 === 0) progress(`${kill} of ${kills} kills, ${rounds.tasks} tasks`)
    }
    progress('the last start finishes what is open …')
    const finished = await rounds.finish()
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    return await conclude(rounds, finished, seconds)
  } finally {
    rounds.end()
    if (given.flag('keep')) progress(`kept: ${folder}`)
    else rmSync(folder, { recursive: true, force: true })
  }
}

async function conclude(rounds: Rounds, finished: boolean, seconds: number): Promise<Outcome> {
  const { lost, doubleOutcomes, repeated, unfounded, ...counts } = rounds.auditor.verdict()
  const { tasks, open, facts, problems } = await auditJournal(rounds.file)
  const broken = [
    ...lost.map((what) => `lost: ${what}`),
    ...doubleOutcomes.map((what) => `two outcomes: ${what}`),
    ...repeated.map((what) => `repeated: ${what}`),
    ...unfounded.map((what) => `not in the journal: ${what}`),
    ...problems.map(({ position, problem }) => `audit: position ${position}: ${problem}`),
    ...(finished && open === 0 ? [] : [`${open} tasks are still open ${finishMs} ms after the last start`]),
  ]
  const report = {
    kills: rounds.kills,
    killedWhileOpening: rounds.killedWhileOpening,
    seconds,
    tasks,
    journalFacts: facts,
    acknowledged: counts.acknowledged,
    outcomesTold: counts.outcomes,
    factsTold: counts.facts,
    lost: lost.length,
    doubleOutcomes: doubleOutcomes.length,
    repeated: repeated.length,
    unfounded: unfounded.length,
    auditProblems: problems.length,
    leftOpen: open,
  }
  return { report, broken: broken.slice(0, 50) }
}

/** The share of kills that come while the program is still opening the file. */
const early = 0.1

class Rounds {
  readonly file: string
  readonly auditor = new Auditor()
  kills = 0
  killedWhileOpening = 0
  readonly #ledger: string
  /** Compiled code, so that the programs start faster. */
  readonly #cache: string
  readonly #seed: number
  readonly #random: () => number
  readonly #read: () => Told[]
  #next: Program
  #round = 0
  #first = 0
  #position = 0
  #unanswered = new Set<number>()

  constructor(folder: string, seed: number) {
    this.file = join(folder, 'network.db')
    this.#ledger = join(folder, 'ledger.jsonl')
    this.#seed = seed
    this.#random = seeded(seed)
    this.#read = ledgerReader(this.#ledger)
    this.#cache = join(folder, 'cache')
    this.#next = new Program(this.#cache)
  }

  get tasks(): number {
    return this.#first
  }

  async kill(): Promise<void> {
    const program = this.#next
    await program.ready
    program.start(this.#order(false))
    if (this.#random() < early) await sleep(2 + 60 * this.#random())
    else {
      await program.open
      await sleep(20 + 280 * this.#random())
    }
    // The next one loads its code meanwhile.
    this.#next = new Program(this.#cache)
    if (!program.isOpen) this.killedWhileOpening += 1
    await program.kill()
    this.kills += 1
    await this.#audit()
  }

  /** Whether the last program ended what was open, and then itself. */
  async finish(): Promise<boolean> {
    const program = this.#next
    await program.ready
    program.start(this.#order(true))
    const inTime = await Promise.race([program.gone.then(() => true), sleep(finishMs, false, { ref: false })])
    if (!inTime) await program.kill()
    await this.#audit()
    return inTime && program.exitCode === 0
  }

  end(): void {
    this.#next.child.kill('SIGKILL')
  }

  #order(last: boolean): Start {
    this.#round += 1
    const again = [...this.#unanswered]
    for (let i = 0; i < 4 && this.#first > 0; i++) again.push(Math.floor(this.#random() * this.#first))
    return {
      file: this.file,
      ledger: this.#ledger,
      seed: this.#seed,
      round: this.#round,
      first: this.#first,
      again: [...new Set(again)],
      last,
    }
  }

  async #audit(): Promise<void> {
    const told = this.#read()
    for (const line of told) {
      if (line.kind === 'announced') {
        this.#unanswered.add(numberOf(line.task))
        this.#first = Math.max(this.#first, numberOf(line.task) + 1)
      } else if (line.kind === 'accepted' || line.kind === 'refused')
        this.#unanswered.delete(numberOf(line.task))
    }
    const gained: FactNote[] = []
    const after = this.#position
    const journal = await readSqliteJournal(this.file)
    try {
      for await (const { position, fact } of journal.read(after)) {
        gained.push(noteOf(fact))
        this.#position = position
      }
    } finally {
      await journal.close()
    }
    this.auditor.round(told, gained, after)
  }
}

/** One start of the program. */
class Program {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly ready: Promise<void>
  readonly open: Promise<void>
  readonly gone: Promise<unknown>
  isOpen = false
  readonly #lines: Interface

  constructor(cache: string) {
    const script = fileURLToPath(new URL('./network.ts', import.meta.url))
    const env = { ...process.env, NODE_COMPILE_CACHE: cache }
    this.child = spawn(process.execPath, [script], { env, stdio: ['pipe', 'pipe', 'inherit'] })
    this.gone = once(this.child, 'close')
    this.#lines = createInterface({ input: this.child.stdout })
    this.ready = this.#said('ready')
    this.open = this.#said('open').then(() => {
      this.isOpen = true
    })
    this.open.catch(() => {})
  }

  get exitCode(): number | null {
    return this.child.exitCode
  }

  start(order: Start): void {
    this.child.stdin.write(`${JSON.stringify(order)}\n`)
  }

  /** SIGKILL. Throws when it has ended by itself. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.gone
    if (this.child.signalCode !== 'SIGKILL') throw new Error(`the program ended with code ${this.exitCode}`)
  }

  #said(word: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#lines.on('line', (line) => {
        if (line === word) resolve()
      })
      void this.gone.then(() => reject(new Error(`the program ended before it said "${word}"`)))
    })
  }
}
