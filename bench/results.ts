/**
 * What was measured, kept: one file for each benchmark with its machine, commit and date, its charts, and `results.md`,
 * which is put together from all of them. So a benchmark that needs data or servers keeps its place when others run.
 * Must never happen here: a figure without the commit and the date it was seen on.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { type Chart, isMet, type Row } from './benchmark.ts'
import { chartSvg } from './chart.ts'
import { targetText, valueText } from './table.ts'

export interface Kept {
  readonly benchmark: string
  readonly about: string
  /** After `npm run bench --`. */
  readonly command: string
  /** `2026-03-01 14:05`, universal time. */
  readonly at: string
  readonly commit: string
  readonly machine: string
  readonly rows: readonly Row[]
  readonly charts: readonly Chart[]
}

export async function keep(folder: string, kept: Kept): Promise<void> {
  const results = join(folder, 'results')
  await mkdir(results, { recursive: true })
  for (const chart of kept.charts) await writeFile(join(results, `${chart.name}.svg`), chartSvg(chart))
  await writeFile(join(results, `${kept.benchmark}.json`), `${JSON.stringify(kept, undefined, 2)}\n`)
}

/** Writes `results.md` from everything that is kept. `order` is that of the sections. */
export async function writeSummary(folder: string, order: readonly string[]): Promise<string> {
  const results = join(folder, 'results')
  const names = (await readdir(results)).filter((name) => name.endsWith('.json'))
  const all: Kept[] = []
  for (const name of names) all.push(JSON.parse(await readFile(join(results, name), 'utf8')))
  all.sort((a, b) => order.indexOf(a.benchmark) - order.indexOf(b.benchmark))
  const file = join(folder, 'results.md')
  await writeFile(file, summary(all))
  return file
}

export function summary(all: readonly Kept[]): string {
  const head = [
    '# What was measured',
    '',
    'Written by `npm run bench`; not by hand. Every section names the command, the commit and the machine.',
    'The figures of one section come from one run; those of different sections may not.',
    '',
  ]
  return [...head, ...all.flatMap(section)].join('\n')
}

function section({ benchmark, about, command, at, commit, machine, rows, charts }: Kept): string[] {
  const noted = rows.some(({ note }) => note !== undefined)
  const cells = rows.map((row) => {
    const { target, value } = row
    const goal =
      target === undefined ? '' : `${targetText(target)}, ${isMet(target, value) ? 'met' : '**missed**'}`
    return [row.figure, valueText(row), goal, ...(noted ? [row.note ?? ''] : [])]
  })
  const titles = ['figure', 'seen', 'goal', ...(noted ? ['to know'] : [])]
  const sentence = `${about[0]?.toUpperCase()}${about.slice(1)}.`
  return [
    `## ${benchmark}`,
    '',
    `${sentence} \`npm run bench -- ${command}\`, ${at} UTC, commit ${commit}, ${machine}.`,
    '',
    ...charts.flatMap(({ name, title }) => [`![${title}](results/${name}.svg)`, '']),
    lineOf(titles),
    lineOf(titles.map((title) => (title === 'seen' ? '--:' : '---'))),
    ...cells.map(lineOf),
    '',
  ]
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** `2 × Some Processor, 24 GiB, Linux 6.1.0, Node 24.21.0`. */
export function machine(): string {
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const model = processors[0]?.model.trim() ?? 'unknown processor'
  return `${processors.length} × ${model}, ${memory} GiB, ${type()} ${release()}, Node ${process.versions.node}`
}

/** The short name of the commit, and whether there are changes beside it. `unknown` outside a repository. */
export function commit(folder: string): string {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git('status', '--porcelain', '--', ':/', ':(exclude,top)bench/results*') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}
