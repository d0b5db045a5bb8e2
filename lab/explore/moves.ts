/**
 * What can happen next in a state. Moves that cost nothing come first, in a fair order: messages, alarms, people, time;
 * then the faults that the world allows.
 */
import type { AgentInput } from '../../src/agent/state.ts'
import type { HubInput } from '../../src/hub/hub.ts'
import { jsonNull } from '../../src/protocol/json.ts'
import { never } from '../../src/protocol/machine.ts'
import type { Message } from '../../src/protocol/message.ts'
import { refuse } from '../../src/protocol/refusal.ts'
import { earliest, type Millis } from '../../src/protocol/time.ts'
import { type Cosmos, Draft, type Luck, type State } from './cosmos.ts'

type HubMove = { readonly hub: number; readonly name: string; readonly input: HubInput }

export type Move =
  | { readonly kind: 'deliver' | 'lose' | 'repeat' | 'hub-dies-hearing'; link: string; place: number }
  | ({ readonly kind: 'hub' | 'hub-dies-doing' } & HubMove)
  | {
      readonly kind: 'act'
      readonly node: number
      readonly name: string
      readonly input: AgentInput
      readonly costs?: keyof Luck
    }
  | { readonly kind: 'announce' }
  | { readonly kind: 'hub-crash'; readonly hub: number }
  | { readonly kind: 'birth' | 'crash'; readonly node: number }
  | { readonly kind: 'pass' | 'delay'; readonly until: Millis }

const woke = { kind: 'woke' } as const

export function movesIn(cosmos: Cosmos, state: State): Move[] {
  const free: Move[] = []
  const faults: Move[] = []
  addMessages(cosmos, state, free, faults)
  const hubMoves = state.hubs.flatMap((_, hub) => movesOfHub(cosmos, state, hub))
  for (const move of hubMoves) free.push({ kind: 'hub', ...move })
  for (let node = 0; node < state.nodes.length; node++) addNode(cosmos, state, node, free, faults)
  if (state.announced < cosmos.tasks.length) free.push({ kind: 'announce' })
  if (state.luck.hubCrashes > 0) {
    for (const hub of state.hubs.keys()) faults.push({ kind: 'hub-crash', hub })
    for (const move of hubMoves) faults.push({ kind: 'hub-dies-doing', ...move })
  }
  const until = nextAlarm(cosmos, state)
  if (state.clockSteps > 0 && until !== undefined && until > state.now) {
    if (state.links.size === 0) free.push({ kind: 'pass', until })
    else if (state.luck.delays > 0) faults.push({ kind: 'delay', until })
  }
  return [...free, ...faults]
}

function addMessages({ world, hubIds }: Cosmos, { links, luck }: State, free: Move[], faults: Move[]): void {
  for (const link of [...links.keys()].sort()) {
    const queue = links.get(link) ?? []
    const toHub = hubIds.some((id) => link.endsWith(` ${id}`))
    const arrivals = world.network === 'fifo' ? 1 : queue.length
    for (let place = 0; place < arrivals; place++) {
      if (queue.indexOf(queue[place] ?? 0) < place) continue
      free.push({ kind: 'deliver', link, place })
      if (luck.losses > 0) faults.push({ kind: 'lose', link, place })
      if (luck.duplicates > 0) faults.push({ kind: 'repeat', link, place })
      if (luck.hubCrashes > 0 && toHub) faults.push({ kind: 'hub-dies-hearing', link, place })
    }
  }
}

function movesOfHub(cosmos: Cosmos, { hubs, now }: State, hub: number): HubMove[] {
  const { wakeAt, shadow } = cosmos.hubs.state(hubs[hub] ?? 0)
  const moves: HubMove[] = []
  if (wakeAt !== undefined && wakeAt <= now) moves.push({ hub, name: 'woke', input: woke })
  for (const task of shadow.recalls) {
    const facts = shadow.journal.filter((fact) => fact.kind !== 'hub.started' && fact.task === task)
    moves.push({ hub, name: `recalled ${task}`, input: { kind: 'recalled', task, facts } })
  }
  return moves
}

function addNode(cosmos: Cosmos, state: State, node: number, free: Move[], faults: Move[]): void {
  const at = state.nodes[node]
  if (at === undefined) {
    free.push({ kind: 'birth', node })
    return
  }
  const { wakeAt, shadow } = cosmos.agents.state(at)
  const isInitiator = node === cosmos.initiator
  const { luck, now } = state
  const act = (name: string, input: AgentInput) => free.push({ kind: 'act', node, name, input })
  const fault = (costs: keyof Luck, name: string, input: AgentInput) => {
    if (luck[costs] > 0) faults.push({ kind: 'act', node, name, input, costs })
  }
  if (wakeAt !== undefined && wakeAt <= now) act('woke', woke)
  for (const [run, { task, stopping }] of shadow.runs) {
    if (stopping) act(`stopped ${run}`, { kind: 'settled', task, run, ending: stopped })
    else {
      act(`done ${run}`, { kind: 'settled', task, run, ending: jsonNull })
      const update = { kind: 'checkpoint', data: jsonNull } as const
      fault('checkpoints', `saves ${run}`, { kind: 'reported', task, run, update })
      fault('failures', `failed ${run}`, { kind: 'settled', task, run, ending: broken })
    }
  }
  for (const { task, matter } of shadow.matters) {
    const about = `${task} ${JSON.stringify(matter)}`
    act(`yes ${about}`, { kind: 'considered', task, matter, judgement: { kind: 'yes' } })
    const judgement = { kind: 'no', refusal: refuse('E_DECLINED', 'it does not want to') } as const
    fault('rejections', `no ${about}`, { kind: 'considered', task, matter, judgement })
  }
  for (const [task, epoch] of shadow.claims) {
    const judged = { kind: 'judged', task, epoch } as const
    act(`accepts ${task} ${epoch}`, { ...judged, accepted: true, reason: 'good' })
    fault('returns', `returns ${task} ${epoch}`, { ...judged, accepted: false, reason: 'once more' })
  }
  for (const [task, epoch] of shadow.formed) act(`start ${task} ${epoch}`, { kind: 'start', task, epoch })
  if (shadow.againAt !== undefined && shadow.againAt <= now) free.push({ kind: 'birth', node })
  if (isInitiator) {
    for (const { id: task } of cosmos.tasks.slice(0, state.announced)) {
      if (!shadow.outcomes.has(task))
        fault('cancellations', `cancel ${task}`, { kind: 'cancel', task, reason: 'not needed' })
    }
    return
  }
  if (luck.agentCrashes > 0) faults.push({ kind: 'crash', node })
  fault('departures', 'leave', { kind: 'leave', reason: 'it goes home' })
}

const stopped = refuse('E_CANCELLED', 'it was stopped')
const broken = refuse('E_WORK_FAILED', 'it went wrong')

/** The next instant for which anybody has asked. */
export function nextAlarm(cosmos: Cosmos, { hubs, nodes }: State): Millis | undefined {
  let at: Millis | undefined
  for (const hub of hubs) at = earliest(at, cosmos.hubs.state(hub).wakeAt)
  for (const node of nodes) {
    if (node === undefined) continue
    const { wakeAt, shadow } = cosmos.agents.state(node)
    at = earliest(earliest(at, wakeAt), shadow.againAt)
  }
  return at
}

export function play(cosmos: Cosmos, state: State, move: Move): State {
  const draft = new Draft(cosmos, state)
  switch (move.kind) {
    case 'deliver':
      draft.arrive(draft.take(move.link, move.place))
      break
    case 'lose':
      draft.spend('losses')
      draft.take(move.link, move.place)
      break
    case 'repeat': {
      draft.spend('duplicates')
      const mail = state.links.get(move.link)?.[move.place]
      if (mail !== undefined) draft.arrive(mail)
      break
    }
    case 'hub-dies-hearing':
      draft.spend('hubCrashes')
      draft.crashHubHearing(draft.take(move.link, move.place))
      break
    case 'hub':
      draft.actHub(move.hub, move.name, move.input)
      break
    case 'hub-dies-doing':
      draft.spend('hubCrashes')
      draft.crashHubAfter(move.hub, move.name, move.input)
      break
    case 'act':
      if (move.costs !== undefined) draft.spend(move.costs)
      draft.act(move.node, move.name, move.input)
      break
    case 'announce':
      draft.announce()
      break
    case 'hub-crash':
      draft.spend('hubCrashes')
      draft.crashHub(move.hub)
      break
    case 'birth':
      draft.bear(move.node)
      break
    case 'crash':
      draft.spend('agentCrashes')
      draft.crash(move.node)
      break
    case 'delay':
      draft.spend('delays')
      draft.pass(move.until)
      break
    case 'pass':
      draft.pass(move.until)
      break
    default:
      return never(move)
  }
  return draft.done()
}

/** One line of a trace. */
export function describe(cosmos: Cosmos, state: State, move: Move): string {
  const name = (node: number) => `${cosmos.names[node]}#${state.lives[node]}`
  switch (move.kind) {
    case 'deliver':
    case 'lose':
    case 'repeat':
    case 'hub-dies-hearing': {
      const { from, to, message } = cosmos.mail.open(state.links.get(move.link)?.[move.place] ?? 0)
      const what = `${from.id}#${from.incarnation} -> ${to.id}  ${sayMessage(message)}`
      return move.kind === 'deliver' ? what : `${what}  (${wordsFor[move.kind]})`
    }
    case 'hub':
      return `${cosmos.hubIds[move.hub]}  ${move.name}`
    case 'hub-dies-doing':
      return `${cosmos.hubIds[move.hub]}  ${move.name}  (${wordsFor[move.kind]})`
    case 'act':
      return `${name(move.node)}  ${move.name}`
    case 'announce':
      return `you  announce ${cosmos.tasks[state.announced]?.id}`
    case 'hub-crash':
      return `${cosmos.hubIds[move.hub]}  crashes, and begins again from its journal`
    case 'birth':
      return `${name(move.node)}  is born again`
    case 'crash':
      return `${name(move.node)}  crashes`
    case 'pass':
    case 'delay':
      return `${move.until - state.now} ms pass`
    default:
      return never(move)
  }
}

const wordsFor = {
  lose: 'lost',
  repeat: 'arrives, and will arrive once more',
  'hub-dies-hearing': 'what the hub decides is durable; it crashes before it says so',
  'hub-dies-doing': 'what it decides is durable; it crashes before it says so',
} as const

function sayMessage(message: Message): string {
  const words: string[] = [message.kind]
  if ('task' in message && typeof message.task === 'string') words.push(message.task)
  if (message.kind === 'TASK_ANNOUNCE') words.push(message.task.id)
  if ('call' in message) words.push(message.call.task)
  if ('invite' in message && message.invite !== undefined) words.push(message.invite)
  if ('epoch' in message) words.push(`epoch ${message.epoch}`)
  if ('members' in message) words.push(message.members.map((m) => `${m.agent}#${m.incarnation}`).join('+'))
  if ('working' in message) words.push(`working ${JSON.stringify(message.working)}`)
  if ('refusal' in message) words.push(message.refusal.code)
  return words.join(' ')
}
