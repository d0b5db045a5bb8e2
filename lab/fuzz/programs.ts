/**
 * The command line as a user meets it: real processes with hostile words, project files and network files.
 * Must never happen here: a command that can run for ever, or one that touches anything outside its folder.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'
import { life } from '../conformance/facts.ts'
import { bentText, type Chance, chanceOf, hostileText } from './chance.ts'
import { hostileWords } from './lines.ts'
import { countRefusal, type Tally } from './tally.ts'

const main: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const atOnce = 2
const programMsMax = 30_000
const exitCodes: ReadonlySet<number | null> = new Set([0, 2, 3, 4, 5, 6])

const project = `network: run.db
agents:
  - { id: ada, skills: { etl: expert }, command: [cat] }
tasks:
  - { id: clean, description: Clean the rows, requires: { etl: novice }, deadline: 5s }
`
const bends: readonly string[] = [
  '{',
  '}',
  ':',
  '\n',
  '\u0000',
  '- ',
  '&a ',
  '*a',
  '"',
  '9',
  '-',
  '!!x ',
  '\u001b[2J',
]

export async function fuzzPrograms(
  tally: Tally,
  seed: number,
  inputs: number,
  progress: (line: string) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-fuzz-'))
  try {
    const sound = join(folder, 'sound.db')
    const journal = await openSqliteJournal(sound, { durability: 'normal' })
    for (let i = 0; i < 20; i++) await journal.append(life(`t${i}`))
    await journal.close()
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < inputs) {
        const number = next++
        await playProgram(tally, folder, seed, number)
        if (number % 50 === 0) progress(`${number} of ${inputs} programs`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Also for `--replay`: everything follows from the seed and the number. */
export async function playProgram(tally: Tally, folder: string, seed: number, number: number): Promise<void> {
  const chance = chanceOf(seed * 104_729 + number)
  const place = mkdtempSync(join(folder, 'p'))
  const words = wordsFor(place, folder, chance)
  const startedAt = performance.now()
  const { code, out, err } = await run(words, place)
  tally.inputs += 1
  const said = /error (E_\w+)/.exec(err)?.[1]
  if (said !== undefined) countRefusal(tally, said)
  const what = objection(words, code, out, err, performance.now() - startedAt)
  if (what === undefined) return
  const input = { target: 'program', seed, number } as const
  tally.failures.push({
    what: `convoke ${words.map((word) => JSON.stringify(word)).join(' ')}: ${what}`,
    input,
  })
}

/** Files are written into `place`. */
function wordsFor(place: string, folder: string, chance: Chance): readonly string[] {
  const bent = join(place, 'p.yaml')
  writeFileSync(bent, chance.oneIn(4) ? project : bentText(project, project, bends, chance))
  const damaged = join(place, 'n.db')
  const noise = Array.from({ length: chance.below(200) }, () => chance.below(256))
  writeFileSync(damaged, chance.oneIn(2) ? Uint8Array.from(noise) : 'SQLite format 3\u0000 and then nothing')
  const file = chance.pick([
    damaged,
    join(folder, 'sound.db'),
    join(place, 'none.db'),
    place,
    '/dev/null',
    '',
  ])
  const forms: readonly (readonly string[])[] = [
    ['run', bent],
    ['run', bent, '--json'],
    ['tasks', '--network', file],
    ['tasks', '--network', file, '--json'],
    ['agents', '--network', file, '--json'],
    ['explain', hostileText(chance), '--network', file],
    ['explain', 't3', '--network', file, '--json'],
    ['audit', file],
    ['audit', file, '--json'],
    hostileWords(chance).filter((word) => word !== 'watch' && word !== 'demo' && word !== 'run'),
  ]
  // A word with a zero byte never reaches a program.
  return chance.pick(forms).map((word) => word.replaceAll('\u0000', '0').toWellFormed())
}

function objection(
  words: readonly string[],
  code: number | null,
  out: string,
  err: string,
  tookMs: number,
): string | undefined {
  if (!exitCodes.has(code)) return `exit code ${code} after ${Math.round(tookMs)} ms: ${err.slice(0, 400)}`
  if (/\n\s+at /.test(err) && !words.includes('--debug')) return `a stack trace: ${err.slice(0, 400)}`
  // The colours of the program itself are off.
  if (/\p{Cc}|\p{Bidi_Control}/u.test((out + err).replace(/[\n\t]/g, ''))) {
    return `unprintable: ${JSON.stringify(out + err).slice(0, 400)}`
  }
  if (/\(node:\d+\)/.test(err)) return `a warning of the runtime: ${err.slice(0, 400)}`
  if (code !== 0 && code !== 3 && code !== 6 && !/^error E_/m.test(err))
    return `no reason: ${err.slice(0, 400)}`
  if (!words.includes('--json') || words.includes('--help') || out === '') return undefined
  try {
    for (const line of out.trim().split('\n')) JSON.parse(line)
    return undefined
  } catch {
    return `no JSON: ${out.slice(0, 400)}`
  }
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

function run(words: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...words], {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: programMsMax,
      killSignal: 'SIGKILL',
    })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}
