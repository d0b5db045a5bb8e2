/**
 * What a benchmark is: a name in the table of `main.ts`, options with defaults, and a report in which every figure has
 * a name; beside it the few figures that the table of all benchmarks shows, and what is drawn.
 * Must never happen here: a figure that is in the table and not in the report.
 */
import type { Given, Option, Progress } from '../lab/experiment.ts'

export interface Benchmark {
  /** One line, without a full stop. */
  readonly about: string
  readonly needs: Needs
  readonly options: Readonly<Record<string, Option>>
  /** A command line after `npm run bench --`, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  run(given: Given, progress: Progress): Promise<Measured>
}

/** Something is missing or wrong that whoever started the benchmark can put right. The message says how. */
export class Wanting extends Error {}

/**
 * What must be there before it runs. A benchmark with `data` has an option `data` for the folder that it reads;
 * `folder` is the name of that folder in a collection, so that one `--data COLLECTION` serves all benchmarks.
 */
export type Needs =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'data'; readonly folder: string }
  | { readonly kind: 'servers' }

/** The option of every benchmark that reads public data. */
export const dataOption: Readonly<Record<'data', Option>> = {
  data: {
    value: 'FOLDER',
    help: 'where the public data is; without it the benchmark refuses',
    otherwise: '',
  },
}

export interface Measured {
  /** Printed as one JSON object. */
  readonly report: object
  readonly rows: readonly Row[]
  readonly charts?: readonly Chart[]
}

/** One line of the table of all benchmarks. */
export interface Row {
  /** What was measured, such as `groups of 3, on a file`. */
  readonly figure: string
  readonly value: number
  /** Such as `tasks/s` or `ms`; empty for a count. */
  readonly unit: string
  readonly target?: Target
  /** What a reader has to know to judge the figure. */
  readonly note?: string
}

/** A goal of the project, with which the table compares. A missed one is shown as missed and fails nothing. */
export type Target =
  | { readonly kind: 'at least'; readonly value: number }
  | { readonly kind: 'at most'; readonly value: number }

export function atLeast(value: number): Target {
  return { kind: 'at least', value }
}

export function atMost(value: number): Target {
  return { kind: 'at most', value }
}

export function isMet(target: Target, value: number): boolean {
  return target.kind === 'at least' ? value >= target.value : value <= target.value
}

export type Chart = BarChart | LineChart

interface Captions {
  /** The name of the file, without `.svg`. */
  readonly name: string
  readonly title: string
  /** What the values are, with their unit. */
  readonly values: string
}

/** Horizontal bars from zero, in the order given. */
export interface BarChart extends Captions {
  readonly kind: 'bars'
  readonly bars: readonly { readonly label: string; readonly value: number; readonly note?: string }[]
}

/** Lines over two logarithmic axes. All values are above zero. */
export interface LineChart extends Captions {
  readonly kind: 'lines'
  /** What stands along the horizontal axis, with its unit. */
  readonly along: string
  readonly lines: readonly {
    readonly label: string
    readonly points: readonly { readonly x: number; readonly y: number }[]
  }[]
}
