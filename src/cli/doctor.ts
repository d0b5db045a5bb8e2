/**
 * `convoke doctor`: what this machine has and lacks, with the way out. Looks at everything, changes nothing that stays.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../host/fault.ts'
import { openSqliteJournal } from '../host/journal/sqlite.ts'
import type { HubId } from '../protocol/id.ts'
import type { Command, CommandCall } from './command.ts'
import { type ExitCode, exit } from './problem.ts'
import { printable } from './terminal.ts'
import { version } from './version.ts'
import { findProgram } from './which.ts'

interface Finding {
  readonly what: string
  readonly found: string
  readonly verdict: 'good' | 'missing' | 'optional'
  readonly fix?: string
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'say what this machine has, what is missing, and how to get it',
  operands: [],
  options: {},
  examples: [
    ['convoke doctor', 'look at everything'],
    ['convoke doctor --json', 'the same for a program; exit code 5 if something needed is missing'],
  ],
  run: examine,
}

const nodeLeast = 24
const sqliteLeast = [3, 51, 3] as const

async function examine({ json, terminal, env }: CommandCall): Promise<ExitCode> {
  const findings = [runtime(), await sqlite(), await journal(), ...(await languages(env))]
  const missing = findings.filter(({ verdict }) => verdict === 'missing')
  if (json) {
    terminal.out(JSON.stringify({ version, ok: missing.length === 0, findings }))
  } else {
    terminal.out(`convoke ${version}`)
    for (const { what, found, verdict, fix } of findings) {
      const mark = { good: 'ok', missing: 'MISSING', optional: '-' }[verdict]
      const style = { good: 'green', missing: 'red', optional: 'dim' } as const
      terminal.out(`  ${terminal.style(style[verdict], mark.padEnd(7))}  ${what}: ${found}`)
      if (fix !== undefined) terminal.out(`           ${fix}`)
    }
    terminal.out(missing.length === 0 ? 'Everything that is needed is there.' : `${missing.length} missing.`)
  }
  return missing.length === 0 ? exit.done : exit.unavailable
}

function runtime(): Finding {
  const found = process.version
  const good = Number(found.slice(1).split('.', 1)[0]) >= nodeLeast
  const fix = `Use Node.js ${nodeLeast} or newer; in a checkout, npm ci brings it along for npm's scripts.`
  return { what: 'Node.js', found, verdict: good ? 'good' : 'missing', ...(good ? {} : { fix }) }
}

async function sqlite(): Promise<Finding> {
  const what = 'SQLite'
  const fix = `Use a Node.js with SQLite ${sqliteLeast.join('.')} or newer: older ones can lose committed writes.`
  const found = process.versions.sqlite
  if (found === undefined) return { what, found: 'not in this Node.js', verdict: 'missing', fix }
  const parts = found.split('.').map(Number)
  const differs = sqliteLeast.findIndex((least, i) => parts[i] !== least)
  const good = differs < 0 || (parts[differs] ?? 0) > (sqliteLeast[differs] ?? 0)
  return { what, found, verdict: good ? 'good' : 'missing', ...(good ? {} : { fix }) }
}

/** Writes a journal for real, where temporary files go. */
async function journal(): Promise<Finding> {
  const what = 'durable file'
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(tmpdir(), 'convoke-doctor-'))
    const opened = await openSqliteJournal(join(folder, 'doctor.db'), { durability: 'full' })
    const from = performance.now()
    await opened.append([{ kind: 'hub.started', at: Date.now(), hub: 'doctor' as HubId, incarnation: 1 }])
    const took = performance.now() - from
    await opened.close()
    return { what, found: `written and synced in ${took.toFixed(1)} ms`, verdict: 'good' }
  } catch (cause) {
    const found = printable(cause instanceof Error ? cause.message : String(cause))
    const fix =
      cause instanceof Fault
        ? cause.hint
        : 'Name a folder for temporary files that can be written, in TMPDIR.'
    return { what, found, verdict: 'missing', ...(fix === undefined ? {} : { fix }) }
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}

/** What agents of the example project are written in, and what a network of many processes needs. */
async function languages(env: CommandCall['env']): Promise<Finding[]> {
  const found = async (what: string, program: string, use: string): Promise<Finding> => {
    const path = await findProgram(program, process.cwd(), env)
    if (path !== undefined) return { what, found: path, verdict: 'good' }
    return { what, found: 'not found', verdict: 'optional', fix: `Only for ${use}.` }
  }
  return [
    await found('shell', '/bin/sh', 'agents whose command is a line for the shell'),
    await found('Python', 'python3', 'agents written in Python, such as in examples/project'),
    await found('NATS', 'nats-server', 'networks that span processes, and only where the server itself runs'),
  ]
}
