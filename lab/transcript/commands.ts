/**
 * The commands of a transcript. Each does one thing to the world; time passes only where a command says so.
 * Must never happen here: a command that says nothing about what it did wrong.
 */
import type { AnnounceSpec } from '../../src/host/autonomous.ts'
import { explanationText } from '../../src/host/explain.ts'
import type { FaultCode } from '../../src/host/fault.ts'
import { encode } from '../../src/protocol/codec.ts'
import { defaultLimits, type Limits } from '../../src/protocol/limits.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import type { Behaviour } from '../world/behaviour.ts'
import type { Event } from '../world/timeline.ts'
import { hubName } from '../world.ts'
import { Line, spanOf } from './line.ts'
import { isSelected, type PlayHouse, type Selection } from './playhouse.ts'
import { factText, membersText, round } from './print.ts'

type Command = (house: PlayHouse, line: Line) => Promise<void> | void

const commands: Readonly<Record<string, Command>> = {
  hub: (house, line) => {
    const limits: Partial<Record<keyof Limits, number>> = {}
    for (const name of Object.keys(defaultLimits) as (keyof Limits)[]) {
      const value = line.value(name)
      if (value !== undefined) limits[name] = name.endsWith('Ms') ? spanOf(value) : Number(value)
    }
    return house.begin(limits, line.number('seed') ?? 1, line.span('commit') ?? 0)
  },
  agent: (house, line) => {
    const behaviour = behaviourOf(line)
    if (line.has('open')) house.leaveOpen(behaviour.id)
    return house.join(behaviour.id, behaviour)
  },
  announce: (house, line) => house.world.announce(line.value('by') ?? 'desk', specOf(house, line)),
  cancel: (house, line) =>
    house.world.cancel(
      line.value('by') ?? 'desk',
      line.word('task'),
      line.value('why') ?? 'no longer needed',
    ),
  start: (house, line) => house.world.start(line.value('by') ?? 'desk', line.word('task')),
  leave: (house, line) => house.world.leave(line.word('agent'), line.value('why') ?? 'it wanted to'),

  pass: (house, line) => house.world.timeline.runUntil(house.world.timeline.now + spanOf(line.word('span'))),
  settle: async (house) => {
    await house.world.timeline.settle()
  },
  deliver,

  drop: (house, line) => house.rule({ selection: selectionOf(line), delays: [], left: timesOf(line) }),
  delay: (house, line) => {
    const by = line.span('by') ?? 1
    house.rule({ selection: selectionOf(line), delays: [by], left: timesOf(line) })
  },
  repeat: (house, line) => house.rule({ selection: selectionOf(line), delays: [1, 2], left: timesOf(line) }),
  partition: (house, line) => house.partition(line.words(), line.list('from') ?? []),
  heal: (house) => house.world.wire.heal(),
  crash: (house, line) => {
    const id = line.word('node')
    if (id === hubName) house.world.crashHub(line.has('losing') ? 0 : undefined)
    else house.world.crash(id)
  },
  restart: (house, line) => {
    const id = line.word('node')
    return id === hubName ? house.world.openHub() : house.join(id)
  },
  pause: (house, line) => house.world.pause(line.word('node'), line.span('for') ?? 0),
  disk: (house, line) => {
    const word = line.word('state')
    house.world.disk.fail(word === 'well' ? undefined : (word as FaultCode))
  },
  send: (house, line) => house.world.wire.inject(frameOf(line)),

  explain: async (house, line) => {
    const explanation = await quietly(house, () => house.world.explain('desk', line.word('task')))
    if (explanation !== undefined)
      for (const text of explanationText(explanation).split('\n')) house.say(text)
  },
  agents: async (house) => {
    for (const agent of await quietly(house, () => house.world.agents('desk'))) {
      const skills = agent.skills.map(({ name, level, successRate, successes, failures }) => {
        return `${name}:${level} ${successRate} (${round(successes)} of ${round(successes + failures)})`
      })
      house.say(`${agent.id} busy ${agent.busy}/${agent.capacity}, ${skills.join(', ')}`)
    }
  },
  state: (house) => {
    for (const task of house.world.hub?.views.tasks() ?? []) {
      const members = Object.entries(task.members).map(([skill, agents]) => `${skill}=${agents.join('+')}`)
      house.say([task.id, task.status, `epoch ${task.epoch}`, ...members].join(' '))
    }
    for (const { task, epoch, members } of house.world.hub?.views.groups() ?? []) {
      house.say(`group of ${task}, epoch ${epoch}: ${membersText(members)}`)
    }
  },
  facts: (house, line) => {
    const task = line.words()[0]
    for (const [i, fact] of house.world.disk.facts.entries()) {
      const about = 'task' in fact ? fact.task : undefined
      if (task === undefined || task === about) house.say(`${i + 1} ${factText(fact)}`)
    }
  },
}

/** Plays one line and answers what was said meanwhile. */
export async function play(house: PlayHouse, text: string): Promise<string[]> {
  const line = new Line(text)
  const command = commands[line.command]
  if (command === undefined) {
    throw new Error(`"${line.command}" is no command; there are ${Object.keys(commands).join(', ')}`)
  }
  await command(house, line)
  const unread = line.unread()
  if (unread.length > 0)
    throw new Error(`"${text}" says ${unread.join(', ')}, which ${line.command} does not know`)
  return house.heard()
}

/** The questions of the reader are no part of the story. */
async function quietly<Answer>(house: PlayHouse, ask: () => Promise<Answer>): Promise<Answer> {
  const before = house.heard()
  const answer = await ask()
  house.heard()
  for (const line of before) house.say(line)
  return answer
}

function timesOf(line: Line): number {
  return line.number('times') ?? (line.has('always') ? Number.POSITIVE_INFINITY : 1)
}

function selectionOf(line: Line): Selection {
  const kind = line.words().find((word) => word === word.toUpperCase())
  return { kind, from: line.value('from'), to: line.value('to') }
}

/** Lets the chosen messages arrive, and the turns that they cause be taken, while all others wait. */
async function deliver(house: PlayHouse, line: Line): Promise<void> {
  const selection = selectionOf(line)
  const isChosen = (event: Event): boolean =>
    event.kind === 'turn' ||
    event.kind === 'commit' ||
    (event.kind === 'message' && isSelected(selection, event.about as Envelope))
  const { timeline } = house.world
  while (await timeline.step(Number.POSITIVE_INFINITY, isChosen)) {}
}

function behaviourOf(line: Line): Behaviour {
  const set = <Key extends keyof Behaviour>(key: Key, value: Behaviour[Key] | undefined) =>
    value === undefined ? {} : { [key]: value }
  return {
    id: line.word('id'),
    skills: line.skills('skills'),
    workMs: line.span('work') ?? 1_000,
    silent: line.has('silent'),
    stubborn: line.has('stubborn'),
    ...set('maxConcurrentTasks', line.number('capacity')),
    ...set('price', line.number('price')),
    ...set('checkpointsAt', line.list('checkpoints')?.map(spanOf)),
    ...set('reportEveryMs', line.span('report')),
    ...set('fails', line.number('fails')),
    ...set('results', line.value('results')?.split('|').map(resultOf)),
    ...set('says', line.value('says')),
    ...set('subtask', subtaskOf(line)),
    ...set('declines', line.value('declines')),
    ...set('rejects', line.value('rejects')),
    ...set('rejectsTimes', line.number('rejections')),
  }
}

/** A verdict with its reason, `no: too short`, or any text. */
function resultOf(text: string): unknown {
  const verdict = /^(yes|no)(?:: (.*))?$/.exec(text)
  if (verdict === null) return text
  return { accepted: verdict[1] === 'yes', reason: verdict[2] ?? verdict[1] }
}

function subtaskOf(line: Line): AnnounceSpec | undefined {
  const [id, skill] = line.value('subtask')?.split(':') ?? []
  return id === undefined || skill === undefined ? undefined : { id, description: id, requires: [{ skill }] }
}

function specOf(house: PlayHouse, line: Line): AnnounceSpec {
  const set = <Key extends keyof AnnounceSpec>(key: Key, value: AnnounceSpec[Key] | undefined) =>
    value === undefined ? {} : { [key]: value }
  const [id] = line.words()
  return {
    description: line.value('description') ?? id ?? 'a task',
    requires: line.requirements('requires') ?? [],
    ...set('id', id),
    ...set('optional', line.requirements('optional')),
    ...set('payload', line.value('payload')),
    ...set('priority', line.value('priority')),
    ...set('deadlineMs', line.span('deadline')),
    ...set('maxGroupSize', line.number('maxGroupSize')),
    ...set('minMembers', line.number('minMembers')),
    ...set('dependsOn', line.list('after')),
    ...set('budget', line.number('budget')),
    ...set('verify', verificationOf(house, line)),
    ...set('startBy', line.value('startBy') as AnnounceSpec['startBy']),
    ...set('maxAttempts', line.number('attempts')),
    ...set('workSilenceMs', line.span('silence')),
    ...set('exclude', line.list('exclude')),
  }
}

/** `verify=reviewing:expert`, or the initiator's own judgements, one after the other: `verify="no: too short|yes"`. */
function verificationOf(house: PlayHouse, line: Line): AnnounceSpec['verify'] {
  const text = line.value('verify')
  if (text === undefined) return undefined
  if (!/^(?:yes|no)\b/.test(text)) {
    const [skill = '', level] = text.split(':')
    return level === undefined ? { skill } : { skill, level }
  }
  const verdicts = text.split('|')
  return () => {
    const verdict = resultOf(verdicts.length > 1 ? (verdicts.shift() ?? '') : (verdicts[0] ?? ''))
    house.say(`            the initiator's check: ${JSON.stringify(verdict)}`)
    return verdict as { accepted: boolean; reason: string }
  }
}

/** A frame as a node could have sent it: `send ada#1 TASK_COMPLETE task=churn epoch=1`. */
function frameOf(line: Line): string {
  const [from = '', kind = ''] = line.words()
  const [id = '', incarnation = '1'] = from.split('#')
  const text = line.value('message')
  const message = { ...(text === undefined ? {} : JSON.parse(text)), kind } as Envelope['message']
  const sender = { id: id as Envelope['from']['id'], incarnation: Number(incarnation) }
  return encode({ from: sender, to: { id: hubName, incarnation: 0 }, message })
}
