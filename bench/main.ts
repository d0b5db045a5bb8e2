/**
 * `npm run bench`: runs every benchmark that needs nothing, prints one table, and keeps what was seen in `results.md`.
 * `npm run bench -- NAME [--options] [--json]`: runs one.
 * Must never happen here: anything on standard output beside the table or the report.
 */
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { type Given, type Option, optionLines, readOptions } from '../lab/experiment.ts'
import { type Benchmark, type Measured, Wanting } from './benchmark.ts'
import { commit, keep, machine, writeSummary } from './results.ts'
import { type Paint, type Part, tableText } from './table.ts'

/** Loaded when asked for: what one benchmark needs must not stop another. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  throughput: async () => (await import('./throughput.ts')).throughput,
  fairness: async () => (await import('./fairness.ts')).fairness,
  matching: async () => (await import('./matching.ts')).matching,
  formation: async () => (await import('./formation.ts')).formation,
  learning: async () => (await import('./learning.ts')).learning,
  scale: async () => (await import('./scale.ts')).scale,
  robust: async () => (await import('./robust.ts')).robust,
  mspsp: async () => (await import('./projects/schedules.ts')).mspsp,
  imopse: async () => (await import('./projects/schedules.ts')).imopse,
  mslib: async () => (await import('./projects/schedules.ts')).mslib,
  wfinstances: async () => (await import('./projects/schedules.ts')).wfinstances,
  rcmpsp: async () => (await import('./projects/schedules.ts')).rcmpsp,
  restart: async () => (await import('./restart.ts')).restart,
  nats: async () => (await import('./nats.ts')).nats,
  peers: async () => (await import('./peers.ts')).peers,
}

const folder = fileURLToPath(new URL('.', import.meta.url))

const optionsOfOne: Readonly<Record<string, Option>> = {
  save: { help: 'keep what was seen, and write results.md anew' },
  json: { help: 'print the report in one line, and nothing else' },
  help: { help: 'show this help' },
}

const optionsOfAll: Readonly<Record<string, Option>> = {
  data: { value: 'FOLDER', help: 'a collection of public data: run what reads it, too', otherwise: '' },
  servers: { help: 'run what starts servers, too' },
  json: { help: 'print the reports in one line, and nothing else' },
  help: { help: 'show this help' },
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)
/** Colours only on a terminal, and not where the environment refuses them. */
const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout })

async function helpOfAll(): Promise<string> {
  const lines: string[] = []
  for (const [name, load] of Object.entries(benchmarks)) {
    const { about, needs } = await load()
    const wants = { nothing: '', data: ' (with --data)', servers: ' (with --servers)' }[needs.kind]
    lines.push(`  ${name.padEnd(12)} ${about}${wants}`)
  }
  return [
    'npm run bench -- [--options]         all benchmarks, one table, and bench/results.md',
    'npm run bench -- NAME [--options]    one of them; NAME --help says more',
    '',
    ...lines,
    '',
    ...optionLines(optionsOfAll),
    '',
  ].join('\n')
}

function helpOf(name: string, { about, options, examples }: Benchmark): string {
  const rows = optionLines({ ...options, ...optionsOfOne })
  const lines = examples.map(([line, what]) => `  npm run bench -- ${line}\n      ${what}`)
  return `npm run bench -- ${name}: ${about}\n\n${rows.join('\n')}\n\n${lines.join('\n')}\n`
}

function wrong(message: string, text: string): number {
  process.stderr.write(`error E_USAGE: ${message}\n\n${text}`)
  return 2
}

/** What is kept names the folder of the data, and not where it lies on this machine. */
function told(name: string, words: readonly string[]): string {
  const shown = words.map((word, i) => (words[i - 1] === '--data' ? basename(word) : word))
  return [name, ...shown.filter((word) => word !== '--save')].join(' ')
}

/** Runs one with these options and keeps it, if asked to. */
async function measure(name: string, command: string, benchmark: Benchmark, given: Given): Promise<Measured> {
  const measured = await benchmark.run(given, say)
  if (!given.flag('save')) return measured
  await keep(folder, {
    benchmark: name,
    about: benchmark.about,
    command,
    at: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: commit(folder),
    machine: machine(),
    rows: measured.rows,
    charts: measured.charts ?? [],
  })
  await writeSummary(folder, Object.keys(benchmarks))
  return measured
}

async function runOne(name: string, benchmark: Benchmark, words: readonly string[]): Promise<number> {
  const given = readOptions({ ...benchmark.options, ...optionsOfOne }, words)
  if (typeof given === 'string') return wrong(given, helpOf(name, benchmark))
  if (given.flag('help')) {
    process.stdout.write(helpOf(name, benchmark))
    return 0
  }
  const { needs } = benchmark
  if (needs.kind === 'data' && given.text('data') === '') {
    return wrong(`${name} reads public data: give --data ${needs.folder}`, helpOf(name, benchmark))
  }
  const command = told(name, words)
  try {
    const { report, rows } = await measure(name, command, benchmark, given)
    print(report, [{ name, rows }], given)
    return 0
  } catch (cause) {
    if (!(cause instanceof Wanting)) throw cause
    say(`error: ${cause.message}`)
    return 1
  }
}

async function runAll(words: readonly string[]): Promise<number> {
  const given = readOptions(optionsOfAll, words)
  if (typeof given === 'string') return wrong(given, await helpOfAll())
  if (given.flag('help')) {
    process.stdout.write(await helpOfAll())
    return 0
  }
  const reports: Record<string, object> = {}
  const parts: Part[] = []
  const failed: string[] = []
  const all = Object.entries(benchmarks)
  for (const [index, [name, load]] of all.entries()) {
    const benchmark = await load()
    const chosen = choose(benchmark, given)
    const place = `${index + 1} of ${all.length}, ${name}`
    if (typeof chosen === 'string') {
      say(`${place}: left out, ${chosen}`)
      continue
    }
    say(`${place}: ${benchmark.about}`)
    try {
      const { report, rows } = await measure(name, told(name, chosen.words), benchmark, chosen.given)
      reports[name] = report
      parts.push({ name, rows })
    } catch (cause) {
      failed.push(name)
      say(`${name}: failed: ${cause instanceof Error ? cause.message : cause}`)
    }
  }
  print(reports, parts, given)
  if (failed.length > 0) say(`failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

interface Chosen {
  readonly words: readonly string[]
  readonly given: Given
}

/** The options with which a benchmark runs among all; or why it does not. */
function choose({ needs, options }: Benchmark, all: Given): Chosen | string {
  const words: string[] = []
  if (needs.kind === 'servers' && !all.flag('servers')) return 'it starts servers: ask for it with --servers'
  if (needs.kind === 'data') {
    const data = join(all.text('data'), needs.folder)
    if (all.text('data') === '') return 'it reads public data: give --data FOLDER'
    if (!existsSync(data)) return `there is no ${data}`
    words.push('--data', data)
  }
  const given = readOptions({ ...options, ...optionsOfOne }, [...words, '--save'])
  return typeof given === 'string' ? given : { words, given }
}

function print(report: object, parts: readonly Part[], given: Given): void {
  process.stdout.write(given.flag('json') ? `${JSON.stringify(report)}\n` : tableText(parts, paint))
}

async function main(words: readonly string[]): Promise<number> {
  const [name = ''] = words
  if (name === '' || name.startsWith('-')) return runAll(words)
  const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined
  if (load === undefined) return wrong(`there is no benchmark "${name}"`, await helpOfAll())
  return runOne(name, await load(), words.slice(1))
}

process.exitCode = await main(process.argv.slice(2))
