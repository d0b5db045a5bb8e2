/**
 * Cuts the power of the journal at one operation of its disk after the other, and lets its disk fail, fill up and lie.
 * Must never happen here: a loss with `normal` that is not reported, or a run whose fault never came and counts.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Durability, SqliteWriter } from '../../src/host/journal/sqlite-writer.ts'
import { seeded } from '../../src/strategy/random.ts'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { compileDisk } from './compile.ts'
import { type Finding, readLines, survey } from './survey.ts'
import type { DiskFault, Life, Line } from './writer.ts'

export const powercut: Experiment = {
  about: 'the journal on a disk that loses power, fails, fills up or lies, at every operation',
  options: {
    cuts: {
      value: 'N',
      help: 'power cuts for each durability; half of them one operation after the other',
      otherwise: 200,
    },
    seed: { value: 'N', help: 'of the work, of the moments and of what is lost', otherwise: 1 },
    every: { help: 'cut at every single operation of the first life of a file, whatever --cuts says' },
    required: { help: 'a missing compiler is an error, and nothing to skip' },
  },
  examples: [
    ['powercut --json', 'two hundred cuts for each durability, and fifty of each other fault'],
    ['powercut --every --cuts 2000 --seed 7', 'every operation, and chains of cuts for an hour'],
  ],
  run,
}

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'convoke-powercut-')))
  try {
    const compiled = compileDisk(folder)
    if ('skipped' in compiled) {
      progress(`skipped: ${compiled.skipped}`)
      return { report: compiled, broken: given.flag('required') ? [compiled.skipped] : [] }
    }
    return await new Campaign(folder, compiled.library, given, progress).run()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Steps of the writer in one life of a file. */
const stepsOfALife = 24
/** How many lives one file has before the next file. */
const livesMax = 5

/** What came of all runs with one fault and one durability. */
interface Tally {
  runs: number
  /** Acknowledged facts, and those of them that were gone afterwards. */
  acknowledged: number
  lost: number
  runsWithLoss: number
  /** Damage that was seen: the file was not opened. */
  refused: number
  /** Damage that was not seen. */
  unseen: number
}

class Campaign {
  readonly #folder: string
  readonly #library: string
  readonly #given: Given
  readonly #progress: Progress
  readonly #seed: number
  readonly #random: () => number
  readonly #tallies = new Map<string, Tally>()
  readonly #broken: string[] = []
  #files = 0
  #operations = 0

  constructor(folder: string, library: string, given: Given, progress: Progress) {
    this.#folder = folder
    this.#library = library
    this.#given = given
    this.#progress = progress
    this.#seed = given.whole('seed')
    this.#random = seeded(this.#seed)
  }

  async run(): Promise<Outcome> {
    const startedAt = performance.now()
    const cuts = this.#given.whole('cuts')
    for (const durability of ['full', 'normal'] as const) {
      await this.#inOrder(durability, Math.ceil(cuts / 2))
      await this.#chains(durability, 'cut', Math.floor(cuts / 2))
    }
    for (const fault of ['write', 'sync', 'full'] as const)
      await this.#chains('full', fault, Math.ceil(cuts / 4))
    // Without this a disk that never loses anything would look the same.
    await this.#chains('full', 'lie', Math.max(2, Math.ceil(cuts / 20)))
    return this.#conclude(Math.round((performance.now() - startedAt) / 1000))
  }

  /** Cuts at evenly spaced operations of a new file's first life, each time on a new file. */
  async #inOrder(durability: Durability, cuts: number): Promise<void> {
    const whole = await this.#live(this.#newFile(), durability, 'none', 0, [], 0)
    const total = operationsIn(whole.lines)
    this.#operations = Math.max(this.#operations, total)
    const runs = this.#given.flag('every') ? total : Math.min(cuts, total)
    for (let run = 1; run <= runs; run++) {
      const at = Math.ceil((run * total) / runs)
      const file = this.#newFile()
      const { finding, lines } = await this.#live(file, durability, 'cut', at, [], 0)
      this.#judge('cut', durability, finding, lines, `operation ${at} of ${total}`)
      this.#openAgain(file, durability, finding)
      this.#report('cut', durability)
    }
  }

  /** Faults at random operations, life after life of the same file. */
  async #chains(durability: Durability, fault: DiskFault, runs: number): Promise<void> {
    let file = this.#newFile()
    let facts: readonly string[] = []
    const goal = this.#tallyOf(fault, durability).runs + runs
    for (let life = 0; this.#tallyOf(fault, durability).runs < goal; life++) {
      if (life === livesMax) {
        life = 0
        facts = []
        file = this.#newFile()
      }
      const at = 1 + Math.floor(this.#random() * this.#operations * 0.8)
      const { finding, lines } = await this.#live(file, durability, fault, at, facts, life)
      facts = finding.facts
      // This life was over before the fault could come; its orderly end is no less a part of the file's story.
      if (!hasStruck(lines)) continue
      this.#judge(fault, durability, finding, lines, `file ${this.#files}, life ${life}, operation ${at}`)
      if (fault !== 'lie') this.#openAgain(file, durability, finding)
      this.#report(fault, durability)
      if (finding.refused !== undefined || finding.unseen.length > 0 || fault === 'lie') life = livesMax - 1
    }
  }

  #newFile(): string {
    this.#files += 1
    return join(this.#folder, `${this.#files}.db`)
  }

  /** One process on the file, up to the fault or to its end. */
  async #live(
    file: string,
    durability: Durability,
    fault: DiskFault,
    at: number,
    before: readonly string[],
    life: number,
  ): Promise<{ finding: Finding; lines: Line[] }> {
    const order: Life = {
      library: this.#library,
      file,
      ledger: `${file}.ledger`,
      durability,
      seed: fault === 'none' || life === 0 ? this.#seed : this.#seed + this.#files,
      life,
      steps: stepsOfALife,
      fault,
      at,
      lasting: fault === 'full' || fault === 'lie' || this.#random() < 0.3,
    }
    await writerOf(order, join(this.#folder, 'cache'))
    const lines = readLines(order.ledger)
    return { finding: await survey(file, before, lines), lines }
  }

  #judge(
    fault: DiskFault,
    durability: Durability,
    finding: Finding,
    lines: readonly Line[],
    where: string,
  ): void {
    const tally = this.#tallyOf(fault, durability)
    tally.runs += 1
    tally.acknowledged += finding.acknowledged
    tally.lost += finding.lost
    tally.runsWithLoss += finding.lost > 0 ? 1 : 0
    tally.refused += finding.refused === undefined ? 0 : 1
    tally.unseen += finding.unseen.length > 0 ? 1 : 0
    if (fault === 'lie') return
    const broke = (what: string): number => this.#broken.push(`${fault}, ${durability}, ${where}: ${what}`)
    for (const what of finding.unseen) broke(what)
    if (finding.refused !== undefined) broke(`not opened: ${finding.refused}`)
    if (finding.lost > 0 && durability === 'full') broke(`${finding.lost} acknowledged facts are gone`)
    if (fault === 'cut' && lines.some(({ kind }) => kind === 'fault'))
      broke(`the writer failed: ${faultIn(lines)}`)
    if (finding.believed) broke('an append was taken after one had failed')
    const expected = fault === 'full' ? 'E_STORE_FULL' : 'E_STORE_IO'
    if (finding.fault !== undefined && finding.fault.code !== expected)
      broke(`the writer said ${faultIn(lines)}`)
  }

  /** Whoever starts again after the fault must be able to write. */
  #openAgain(file: string, durability: Durability, finding: Finding): void {
    if (finding.refused !== undefined) return
    try {
      new SqliteWriter(file, durability).close()
    } catch (cause) {
      this.#broken.push(`${file}: cannot be opened again: ${String(cause)}`)
    }
  }

  #tallyOf(fault: DiskFault, durability: Durability): Tally {
    const name = `${fault}, ${durability}`
    const known = this.#tallies.get(name)
    if (known !== undefined) return known
    const tally = { runs: 0, acknowledged: 0, lost: 0, runsWithLoss: 0, refused: 0, unseen: 0 }
    this.#tallies.set(name, tally)
    return tally
  }

  #report(fault: DiskFault, durability: Durability): void {
    const { runs } = this.#tallyOf(fault, durability)
    if (runs % 50 === 0) this.#progress(`${fault}, ${durability}: ${runs} runs`)
  }

  #conclude(seconds: number): Outcome {
    const of = (fault: DiskFault, durability: Durability = 'full') => this.#tallyOf(fault, durability)
    const lie = of('lie')
    // With few runs the disk may have lied where nothing hung on it.
    if (lie.runs >= 5 && lie.runsWithLoss + lie.refused + lie.unseen === 0) {
      this.#broken.push('a disk that lies was not noticed: this experiment cannot see a loss')
    }
    const report = {
      seconds,
      operationsOfALife: this.#operations,
      full: of('cut'),
      normal: of('cut', 'normal'),
      writeError: of('write'),
      syncError: of('sync'),
      diskFull: of('full'),
      lyingDisk: lie,
    }
    return { report, broken: this.#broken.slice(0, 50) }
  }
}

function operationsIn(lines: readonly Line[]): number {
  for (const line of lines) if (line.kind === 'end') return line.operations
  throw new Error(`the writer ended before its work was done: ${faultIn(lines)}`)
}

function faultIn(lines: readonly Line[]): string {
  const fault = lines.find((line) => line.kind === 'fault')
  return fault === undefined ? 'no fault' : `${fault.code} during ${fault.during}`
}

/** The power went, or the disk failed as planned at least once. */
function hasStruck(lines: readonly Line[]): boolean {
  for (const line of lines) if (line.kind === 'end') return line.struck
  return true
}

/** Resolves when the process has ended: by itself, or by the loss of its power. */
function writerOf(life: Life, cache: string): Promise<void> {
  const script = fileURLToPath(new URL('./writer.ts', import.meta.url))
  const env = { ...process.env, NODE_COMPILE_CACHE: cache }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [script, JSON.stringify(life)], { env }, (cause, _, said) => {
      if (cause === null || cause.code === 137) resolve()
      else reject(new Error(`the writer ended with ${cause.code}: ${said}`))
    })
  })
}
