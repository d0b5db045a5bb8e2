/**
 * A copy of the source in a directory of its own, in which one place at a time is changed, and the simulator that runs
 * in it.
 * Must never happen here: a change to the source itself.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Mutant } from './mutants.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the simulator, or the small worlds of `contention`, said of one copy. */
export interface Finding {
  readonly caught: boolean
  /** The rule that was broken first, and how. */
  readonly by?: string
  /** How many seeds it took, or how many were played in vain. */
  readonly seeds: number
}

/** What the explorer said of one copy. */
export interface Walk {
  readonly caught: boolean
  /** The world, and the rule that was broken in it. */
  readonly by?: string
  /** How many states were seen. */
  readonly states: number
}

/** A mutant that goes round in circles where no event is counted is given up, and counts as not caught. */
const timeoutMs = 600_000

export class Laboratory implements Disposable {
  readonly #place: string

  constructor() {
    this.#place = mkdtempSync(join(tmpdir(), 'convoke-mutant-'))
    for (const name of ['src', 'lab', 'package.json'])
      cpSync(join(root, name), join(this.#place, name), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(this.#place, 'node_modules'))
  }

  /** Plays seeds against a mutant, or against the source as it is, until one fails. */
  async examine(mutant: Mutant | undefined, seeds: number, from = 1): Promise<Finding> {
    const found = await this.#run<Finding>(mutant, ['probe.ts', String(from), String(seeds)])
    // A change that is no program any more is caught by every seed, and measures nothing.
    if (/\b(Reference|Syntax)Error\b/.test(found?.by ?? ''))
      throw new Error(`the mutant "${mutant?.name}" is no program: ${found?.by}`)
    return found ?? { caught: false, by: `no answer within ${timeoutMs} ms`, seeds }
  }

  /** Explores small worlds of a mutant, or of the source as it is, until a rule is broken. */
  async explore(mutant: Mutant | undefined): Promise<Walk> {
    const found = await this.#run<Walk>(mutant, ['walk.ts'])
    return found ?? { caught: false, by: `no answer within ${timeoutMs} ms`, states: 0 }
  }

  /** Plays the small worlds of `contention` from the first on, until a promise is broken. */
  async meet(mutant: Mutant | undefined, schedules: number): Promise<Finding> {
    const found = await this.#run<Finding>(mutant, ['meet.ts', String(schedules)])
    return found ?? { caught: false, by: `no answer within ${timeoutMs} ms`, seeds: schedules }
  }

  /** What a program of the copy prints, once the copy is changed. Nothing when it took too long. */
  async #run<Answer>(
    mutant: Mutant | undefined,
    [program, ...words]: readonly [string, ...string[]],
  ): Promise<Answer | undefined> {
    const mend = mutant === undefined ? () => {} : this.#change(mutant)
    try {
      const path = join(this.#place, 'lab', 'mutants', program)
      const { stdout } = await promisify(execFile)(process.execPath, [path, ...words], { timeout: timeoutMs })
      return JSON.parse(stdout) as Answer
    } catch (cause) {
      if ((cause as { killed?: boolean }).killed !== true) throw cause
      return undefined
    } finally {
      mend()
    }
  }

  /** Changes one place of the copy, and answers how to change it back. Throws unless it fits exactly once. */
  #change({ name, file, find, replace }: Mutant): () => void {
    const path = join(this.#place, file)
    const before = readFileSync(path, 'utf8')
    const places = before.split(find).length - 1
    if (places !== 1)
      throw new Error(`the mutant "${name}" fits ${places} places of ${file}; it must fit one`)
    writeFileSync(
      path,
      before.replace(find, () => replace),
    )
    return () => writeFileSync(path, before)
  }

  [Symbol.dispose](): void {
    rmSync(this.#place, { recursive: true, force: true })
  }
}
