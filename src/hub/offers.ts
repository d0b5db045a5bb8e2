/**
 * What agents offer: some are asked, of others an open offer stands and is taken for their answer.
 * Must never happen here: an open offer that says more than its agent would if it were asked.
 */
import type { SkillDecline, SkillOffer, SkillQuery } from '../protocol/message.ts'
import { offerOrDecline } from '../strategy/bid.ts'
import { settle } from './forming.ts'
import { scoreOffer } from './scoring.ts'
import { type Asked, type HubState, type RosterEntry, type Search, send, type Task, touch } from './state.ts'

/** Puts the question to those who want to be asked; the others are heard at the end of the turn. */
export function ask(hub: HubState, task: Task, search: Search, found: readonly Asked[]): void {
  hub.rounds += 1
  const round = hub.rounds
  const closesAt = hub.now + hub.configuration.limits.offerWindowMs
  search.round = round
  search.closesAt = closesAt
  let query: SkillQuery | undefined
  let open = 0
  for (const { entry, reach, open: stands } of found) {
    if (!entry.tasks.includes(task)) entry.tasks.push(task)
    search.unanswered += 1
    if (stands) {
      open += 1
      continue
    }
    // Whoever can cover the same is asked the very same.
    if (query?.call !== reach.call) query = { kind: 'SKILL_QUERY', call: reach.call, round, closesAt }
    send(hub, entry.address, query)
  }
  if (open > 0) hub.offered.push(task)
  task.waitingFor = {
    kind: 'offers',
    asked: search.asked.length,
    answered: search.asked.length - search.unanswered,
  }
  touch(hub, task)
}

/** Takes an offer or a decline. An answer to an older question, or a second one, changes nothing. */
export function onAnswer(hub: HubState, entry: RosterEntry, message: SkillOffer | SkillDecline): void {
  if (message.kind === 'SKILL_OFFER') {
    entry.isOpen = entry.openOffer !== undefined
    entry.price = message.price ?? 0
  }
  const task = hub.tasks.get(message.task)
  const search = task?.search
  const asked = search && askedOf(search, entry)
  if (task === undefined || search === undefined || asked === undefined) return
  if (!isOpenQuestion(asked) || asked.open || message.round > search.round) return
  if (message.kind === 'SKILL_DECLINE') {
    asked.verdict = 'declined'
    asked.why = message.refusal.message
  } else {
    scoreOffer(hub, task, search.needs, asked, message)
  }
  search.unanswered -= 1
  if (search.unanswered === 0) settle(hub, task)
}

function isOpenQuestion({ account, verdict }: Asked): boolean {
  return account === undefined && verdict === undefined
}

/**
 * Hears all open offers that this turn's searches are to have, in the order in which these began, each with what those
 * before it have left. It comes after the queue was served: what is given free here is for the next turn, or who is
 * older could be served after who is younger.
 */
export function hearOpenOffers(hub: HubState): void {
  const { stirred, projectsStirred } = hub.queue
  const before = stirred.size
  // The list may grow on the way, by a search that asks more.
  for (let i = 0; i < hub.offered.length; i++) {
    const task = hub.offered[i]
    if (task?.search !== undefined && hear(hub, task, task.search)) settle(hub, task)
  }
  if (hub.offered.length > 0) hub.offered = []
  hub.stirredLate = stirred.size > before || (hub.queue.projectsStirred && !projectsStirred)
}

/** Answers whether with these offers all have answered. */
function hear(hub: HubState, task: Task, search: Search): boolean {
  let heard = 0
  for (const asked of search.asked) {
    if (!asked.open || !isOpenQuestion(asked)) continue
    heard += 1
    hearOne(hub, task, search, asked)
  }
  search.unanswered -= heard
  return heard > 0 && search.unanswered === 0
}

/** The question is put to the strategy by which the agent would answer it itself. */
function hearOne(hub: HubState, task: Task, search: Search, asked: Asked): void {
  const { entry, reach } = asked
  const { skills, capacity, held, running } = entry
  const self = { busy: held + running, capacity, leaving: false, skills }
  const refusal = offerOrDecline(self, reach.call, hub.configuration.levels, hub.now)
  if (refusal === undefined) scoreOffer(hub, task, search.needs, asked, undefined)
  else {
    asked.verdict = 'declined'
    asked.why = refusal.message
  }
}

/** What is known in a search of an agent that was found for it, in this life or an earlier one. */
export function askedOf(search: Search, entry: RosterEntry): Asked | undefined {
  for (const asked of search.asked) if (asked.entry.id === entry.id) return asked
  return undefined
}
