/**
 * Hostile command lines and project files against the readers of the command line, in this process. Each is understood,
 * or refused as a `Problem` with a code and an exit code, and never as a mistake of the program.
 * Must never happen here: a command that is run.
 */
import { readCommandLine } from '../../src/cli/arguments.ts'
import { commands } from '../../src/cli/commands.ts'
import { exit, Problem } from '../../src/cli/problem.ts'
import { parseProject } from '../../src/cli/project/read.ts'
import { bentText, type Chance, chanceOf, hostileText } from './chance.ts'
import { attempt, countRefusal, isPolluted, lookAtMemory, type Tally } from './tally.ts'

export function fuzzLines(tally: Tally, seed: number, inputs: number): void {
  const chance = chanceOf(seed * 31 + 7)
  for (let i = 0; i < inputs; i++) {
    const words = hostileWords(chance)
    attempt(
      tally,
      () => ({ target: 'line', words }),
      () => readLine(tally, words),
    )
  }
  lookAtMemory(tally)
}

const optionNames: readonly string[] = [
  ...commands.flatMap(({ options }) => Object.keys(options)),
  ...['json', 'help', 'debug', '__proto__', 'constructor', 'jsn', 'no-json', ''],
]
const names: readonly string[] = commands.map(({ name }) => name)

/** Words after `convoke`. */
export function hostileWords(chance: Chance): readonly string[] {
  const word = (): string => {
    switch (chance.below(6)) {
      case 0:
        return `--${chance.pick(optionNames)}`
      case 1:
        return `--${chance.pick(optionNames)}=${hostileText(chance)}`
      case 2:
        return chance.pick([
          '-',
          '--',
          '-h',
          '-hj',
          '-=',
          '--=',
          '-x',
          '---',
          '--json=true',
          '1',
          'a.yaml',
          './none.db',
        ])
      case 3:
        return chance.pick(names)
      default:
        return hostileText(chance)
    }
  }
  const first = chance.oneIn(5) ? word() : chance.pick(names)
  return [first, ...Array.from({ length: chance.below(5) }, word)]
}

/** Also for `--replay`. */
export function readLine(tally: Tally, [name, ...words]: readonly string[]): void {
  const command = commands.find((one) => one.name === name)
  if (command === undefined) return
  refusedOrFine(tally, () => void readCommandLine(command, words))
}

function refusedOrFine(tally: Tally, act: () => void): void {
  try {
    act()
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.code === 'E_BROKEN') throw cause
    if (cause.exit !== exit.usage) throw new Error(`${cause.code} has exit code ${cause.exit}`)
    // A path or a word of the user is in the message, and no terminal may obey it.
    if (/\p{Cc}|\p{Bidi_Control}/u.test(`${cause.message} ${cause.hint ?? ''}`)) {
      throw new Error(`${cause.code} with a message that cannot be printed: ${JSON.stringify(cause.message)}`)
    }
    countRefusal(tally, cause.code)
  }
}

const projects: readonly string[] = [
  `name: all
network: all.db
durability: normal
levels: [low, high]
limits: { groupTimeoutMs: 5s, maxAttempts: 2 }
agents:
  - id: ada
    skills: [{ name: etl, level: high, successRate: 0.9, meanTime: 30s }]
    command: echo done
    env: { COLOUR: red, SIZE: 3 }
    timeout: 1m
    price: 1.5
tasks:
  - id: first
    description: The first
    requires: [etl]
  - id: all
    description: All of it
    payload: { rows: [1, 2] }
    requires: { etl: { level: high, count: 2 } }
    priority: critical
    deadline: 10m
    dependsOn: [first]
    verify: { skill: review, level: low }
`,
  `agents:
  - { id: ada, skills: { etl: expert }, command: [echo] }
tasks:
  - id: clean
    description: Clean the rows
    requires: { etl: intermediate }
`,
]

const yamlTokens: readonly string[] = [
  ...[
    '&a ',
    '*a ',
    '<<: ',
    '!!js/function ',
    '!!binary ',
    '!!set ',
    '? ',
    ': ',
    '- ',
    '| ',
    '> ',
    '%YAML 9.9\n',
    '---\n',
  ],
  ...[
    '...\n',
    '\t',
    '\u0000',
    '\ufeff',
    '\u2028',
    '\ud800',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '#',
    ',',
    '\n',
    '\n\n  ',
    '\r',
  ],
  ...[
    '__proto__: {polluted: 1}\n',
    'constructor: {}\n',
    '.inf',
    '.nan',
    '0o17',
    '0x',
    '1e999',
    '2026-11-23',
    '~',
    '@',
    '`',
  ],
  ...['[['.repeat(40), '{a: '.repeat(40), '- '.repeat(60), '&a [*a]', '*a,*a,*a,*a', '-1s', '9'.repeat(30)],
]

export function fuzzProjects(tally: Tally, seed: number, inputs: number): void {
  const chance = chanceOf(seed * 37 + 11)
  for (let i = 0; i < inputs; i++) {
    const text = hostileProject(chance)
    attempt(
      tally,
      () => ({ target: 'project', text }),
      () => readText(tally, text),
    )
  }
  lookAtMemory(tally)
  if (isPolluted())
    tally.failures.push({ what: 'a prototype has changed', input: { target: 'project', text: '' } })
}

function hostileProject(chance: Chance): string {
  if (chance.oneIn(2_000)) return yamlBomb(chance)
  return bentText(chance.pick(projects), chance.pick(projects), yamlTokens, chance)
}

function yamlBomb(chance: Chance): string {
  const size = chance.pick([1_000, 20_000])
  switch (chance.below(5)) {
    case 0:
      return '['.repeat(size)
    case 1:
      return `a: ${'{a: '.repeat(size)}`
    case 2:
      return Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')
    case 3:
      // A billion laughs: each line is ten of the line before.
      return `a0: &a0 [x, x]\n${Array.from({ length: 12 }, (_, i) => {
        return `a${i + 1}: &a${i + 1} [${Array.from({ length: 10 }, () => `*a${i}`).join()}]\n`
      }).join('')}`
    default:
      return `- `.repeat(size)
  }
}

/** Also for `--replay`. */
export function readText(tally: Tally, text: string): void {
  refusedOrFine(tally, () => void parseProject('p.yaml', text))
}
