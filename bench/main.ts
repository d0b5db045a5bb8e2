/**
 * `npm run bench -- NAME [--options] [--json]`: measures one thing; without a name, lists what there is.
 * Must never happen here: anything on standard output beside the report.
 */
import { commonOptions, optionLines, readOptions } from '../lab/experiment.ts'
import type { Benchmark } from './benchmark.ts'

/** Loaded when asked for: what one benchmark needs must not stop another. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  throughput: async () => (await import('./throughput.ts')).throughput,
  restart: async () => (await import('./restart.ts')).restart,
}

async function helpOfAll(): Promise<string> {
  const lines: string[] = []
  for (const [name, load] of Object.entries(benchmarks))
    lines.push(`  ${name.padEnd(12)} ${(await load()).about}`)
  const more = 'npm run bench -- NAME --help says more.'
  return `npm run bench -- NAME [--options] [--json]\n\n${lines.join('\n')}\n\n${more}\n`
}

function helpOf(name: string, { about, options, examples }: Benchmark): string {
  const rows = optionLines({ ...options, ...commonOptions })
  const lines = examples.map(([line, what]) => `  npm run bench -- ${line}\n      ${what}`)
  return `npm run bench -- ${name}: ${about}\n\n${rows.join('\n')}\n\n${lines.join('\n')}\n`
}

function wrong(message: string, text: string): number {
  process.stderr.write(`error E_USAGE: ${message}\n\n${text}`)
  return 2
}

async function main([name = '', ...words]: readonly string[]): Promise<number> {
  const load = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined
  if (load === undefined) {
    const text = await helpOfAll()
    if (name !== '' && name !== '--help') return wrong(`there is no benchmark "${name}"`, text)
    process.stdout.write(text)
    return 0
  }
  const benchmark = await load()
  const given = readOptions({ ...benchmark.options, ...commonOptions }, words)
  if (typeof given === 'string') return wrong(given, helpOf(name, benchmark))
  if (given.flag('help')) {
    process.stdout.write(helpOf(name, benchmark))
    return 0
  }
  const { report } = await benchmark.run(given, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(report, undefined, given.flag('json') ? undefined : 2)}\n`)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
