/**
 * `npm run bench -- NAME [--json]`: measures one thing; without a name, lists what there is.
 */
import { parseArgs } from 'node:util'
import { restart } from './restart.ts'
import { throughput } from './throughput.ts'

interface Benchmark {
  readonly about: string
  run(progress: (line: string) => void): Promise<object>
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  throughput: {
    about: 'tasks per second, latency and memory of one process, in memory and durable',
    run: throughput,
  },
  restart: { about: 'start on a file with many ended and some open tasks', run: restart },
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
  })
  const name = positionals[0] ?? ''
  const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined
  if (benchmark === undefined) {
    const lines = Object.entries(benchmarks).map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
    const text = `npm run bench -- NAME [--json]\n\n${lines.join('\n')}\n`
    if (values.help || name === '') process.stdout.write(text)
    else process.stderr.write(`error E_USAGE: there is no benchmark "${name}"\n\n${text}`)
    return values.help || name === '' ? 0 : 2
  }
  const result = await benchmark.run((line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(result, undefined, values.json ? undefined : 2)}\n`)
  return 0
}

process.exitCode = await main()
