/**
 * Hostile inputs against every door: frames, messages between machines, command lines, project files, the program.
 * Must never happen here: a failing input that is only counted.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { never } from '../../src/protocol/machine.ts'
import type { Experiment, Given, Outcome, Progress } from '../experiment.ts'
import { frameOf, fuzzDoor, knock } from './door.ts'
import { fuzzLines, fuzzProjects, readLine, readText } from './lines.ts'
import { fuzzPrograms, playProgram } from './programs.ts'
import { attempt, isPolluted, newTally, type Replayable, type Tally } from './tally.ts'
import { fuzzWorld } from './worlds.ts'

export const fuzz: Experiment = {
  about: 'hostile frames, messages, command lines and project files, while others go about their tasks',
  options: {
    inputs: { value: 'N', help: 'how many inputs in all', otherwise: 1_000_000 },
    programs: { value: 'N', help: 'how many of them start the real command line', otherwise: 200 },
    seed: { value: 'N', help: 'of everything', otherwise: 1 },
    replay: { value: 'FILE', help: 'play one failing input again, as it was printed', otherwise: '' },
  },
  examples: [
    ['fuzz --json', 'a million inputs, some minutes'],
    ['fuzz --inputs 100000000 --seed 7', 'a night'],
    ['fuzz --replay failure.json', 'the line that a failure printed, in a file'],
  ],
  run,
}

/** How the inputs are shared out; the rest are frames. */
const shares = { closedWorlds: 0.15, openWorlds: 0.1, lines: 0.05, projects: 0.03 } as const
/** Messages to one world, before a fresh one takes its place. */
const inputsOfAWorld = 3_000

async function run(given: Given, progress: Progress): Promise<Outcome> {
  const tally = newTally()
  let unhandled = 0
  const note = (cause: unknown): void => {
    unhandled += 1
    progress(`unhandled: ${cause instanceof Error ? cause.stack : String(cause)}`)
  }
  process.on('unhandledRejection', note)
  try {
    const file = given.text('replay')
    if (file === '') await campaign(tally, given, progress)
    else await replay(tally, JSON.parse(readFileSync(file, 'utf8')) as Replayable)
    // A rejection that nobody handles is told of one turn later.
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', note)
  }
  return conclude(tally, unhandled, progress)
}

async function campaign(tally: Tally, given: Given, progress: Progress): Promise<void> {
  const seed = given.whole('seed')
  const inputs = given.whole('inputs')
  await fuzzPrograms(tally, seed, Math.min(inputs, given.whole('programs')), progress)
  fuzzLines(tally, seed, Math.floor(inputs * shares.lines))
  progress('project files …')
  fuzzProjects(tally, seed, Math.floor(inputs * shares.projects))
  for (const open of [false, true]) {
    progress(open ? 'worlds in which anybody speaks for anybody …' : 'worlds with strangers and liars …')
    let left = Math.floor(inputs * (open ? shares.openWorlds : shares.closedWorlds))
    for (let world = 0; left > 0; world++, left -= inputsOfAWorld) {
      await fuzzWorld(tally, seed * 1_000 + world, Math.min(left, inputsOfAWorld), open)
    }
  }
  fuzzDoor(tally, seed, Math.max(0, inputs - tally.inputs), progress)
}

async function replay(tally: Tally, input: Replayable): Promise<void> {
  switch (input.target) {
    case 'frame':
      return attempt(
        tally,
        () => input,
        () => knock(tally, frameOf(input), true),
      )
    case 'line':
      return attempt(
        tally,
        () => input,
        () => readLine(tally, input.words),
      )
    case 'project':
      return attempt(
        tally,
        () => input,
        () => readText(tally, input.text),
      )
    case 'program': {
      const folder = mkdtempSync(join(tmpdir(), 'convoke-fuzz-'))
      await playProgram(tally, folder, input.seed, input.number)
      return rmSync(folder, { recursive: true })
    }
    case 'world':
      return fuzzWorld(tally, input.seed, input.inputs, input.open)
    default:
      return never(input)
  }
}

const failuresShown = 10

function conclude(tally: Tally, unhandled: number, progress: Progress): Outcome {
  const polluted = isPolluted()
  for (const { what, input } of tally.failures.slice(0, failuresShown)) {
    progress(`failure: ${what}\n${JSON.stringify(input)}`)
  }
  const report = {
    inputs: tally.inputs,
    crashes: tally.failures.length,
    unhandled,
    refusals: Object.fromEntries([...tally.refusals].sort(([a], [b]) => (a < b ? -1 : 1))),
    slowestMs: Math.round(tally.slowestMs),
    peakMemoryBytes: tally.peakMemoryBytes,
    pollutedPrototype: polluted,
    othersAnnounced: tally.othersAnnounced,
    othersCompleted: tally.othersCompleted,
  }
  const broken = [
    ...tally.failures.slice(0, failuresShown).map(({ what }) => what.split('\n', 1)[0] ?? what),
    ...(unhandled === 0 ? [] : [`${unhandled} rejections that nobody handled`]),
    ...(polluted ? ['a prototype has changed'] : []),
  ]
  return { report, broken }
}
