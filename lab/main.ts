/**
 * `npm run lab -- NAME [--options] [--json]`: runs one experiment that tries to break the network; without a name,
 * lists what there is. The exit code is 1 when a promise did not hold.
 * Must never happen here: anything on standard output beside the report.
 */
import { commonOptions, type Experiment, optionLines, readOptions } from './experiment.ts'

/** Loaded when asked for: what one experiment needs must not stop another. */
const experiments: Readonly<Record<string, () => Promise<Experiment>>> = {
  simulate: async () => (await import('./simulate/experiment.ts')).simulation,
  mutants: async () => (await import('./mutants/experiment.ts')).mutation,
  explore: async () => (await import('./explore/experiment.ts')).exploration,
  crash: async () => (await import('./crash/experiment.ts')).crash,
  powercut: async () => (await import('./powercut/experiment.ts')).powercut,
  fuzz: async () => (await import('./fuzz/experiment.ts')).fuzz,
  cluster: async () => (await import('./cluster/experiment.ts')).cluster,
  overload: async () => (await import('./overload/experiment.ts')).overload,
  contention: async () => (await import('./contention/experiment.ts')).contention,
}

async function helpOfAll(): Promise<string> {
  const lines: string[] = []
  for (const [name, load] of Object.entries(experiments))
    lines.push(`  ${name.padEnd(10)} ${(await load()).about}`)
  return `npm run lab -- NAME [--options] [--json]\n\n${lines.join('\n')}\n\nnpm run lab -- NAME --help says more.\n`
}

function helpOf(name: string, { about, options, examples }: Experiment): string {
  const rows = optionLines({ ...options, ...commonOptions })
  const lines = examples.map(([line, what]) => `  npm run lab -- ${line}\n      ${what}`)
  return `npm run lab -- ${name}: ${about}\n\n${rows.join('\n')}\n\n${lines.join('\n')}\n`
}

function wrong(message: string, text: string): number {
  process.stderr.write(`error E_USAGE: ${message}\n\n${text}`)
  return 2
}

async function main([name = '', ...words]: readonly string[]): Promise<number> {
  const load = Object.hasOwn(experiments, name) ? experiments[name] : undefined
  if (load === undefined) {
    const text = await helpOfAll()
    if (name !== '' && name !== '--help') return wrong(`there is no experiment "${name}"`, text)
    process.stdout.write(text)
    return 0
  }
  const experiment = await load()
  const given = readOptions({ ...experiment.options, ...commonOptions }, words)
  if (typeof given === 'string') return wrong(given, helpOf(name, experiment))
  if (given.flag('help')) {
    process.stdout.write(helpOf(name, experiment))
    return 0
  }
  const { report, broken } = await experiment.run(given, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(report, undefined, given.flag('json') ? undefined : 2)}\n`)
  for (const promise of broken) process.stderr.write(`broken: ${promise}\n`)
  return broken.length === 0 ? 0 : 1
}

process.exitCode = await main(process.argv.slice(2))
