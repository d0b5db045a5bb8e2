/**
 * Second step of a search: choose the best group among the offers, invite it, replace who rejects, and let the group
 * stand when all have accepted. All or nothing: until then every slot is only held.
 * Must never happen here: a group with a member that did not accept this very invitation.
 */
import type { Member } from '../protocol/group.ts'
import type { AgentId, InviteId, SkillName } from '../protocol/id.ts'
import { longer } from '../protocol/longer.ts'
import type { GroupAccept, GroupFormed, GroupReject, WaitingFor } from '../protocol/message.ts'
import { type Refusal, refuse } from '../protocol/refusal.ts'
import type { TaskInput } from '../protocol/task.ts'
import type { NoTeam, Team } from '../strategy/form.ts'
import { recordOf } from './applying.ts'
import { askMore } from './asking.ts'
import { shunRefusers } from './borrowing.ts'
import { bestGroup, type Question, questionOf, spentIn } from './choosing.ts'
import { isInUse, returnGuest } from './guests.ts'
import { outstanding } from './including.ts'
import { strategies } from './judging.ts'
import { invitationOf, partOf, standingMembers } from './members.ts'
import { forsake, noteFormed } from './projects.ts'
import { enqueue } from './queue.ts'
import { reachOf, requirementsOf } from './reach.ts'
import { consideredIn } from './recounting.ts'
import { countPart, detach, dropSupply, occupy, shiftSlots } from './roster.ts'
import { assignmentOf, awaitWork, inputsOf } from './running.ts'
import { notePassedOver } from './scoring.ts'
import {
  type HubState,
  type Invitation,
  isLate,
  type OpenNeed,
  type Part,
  type RosterEntry,
  type Search,
  type Supply,
  send,
  stir,
  type Task,
  tellFollowers,
  touch,
} from './state.ts'
import { waitForRivals } from './together.ts'

/** Takes the search as far as the answers allow: invite, ask more, form, or give up for now. */
export function settle(hub: HubState, task: Task): void {
  const { search } = task
  if (search === undefined) return
  touch(hub, task)
  // What comes in before the wake that is due comes too late for a group; the wake ends the task.
  if (isLate(hub, task)) return
  if (search.unanswered > 0) {
    if (hub.now < search.closesAt) return
    closeWindow(search)
  }
  if (isInvited(search)) {
    formWhenAccepted(hub, task, search)
    return
  }
  if (waitForRivals(hub, task, search)) return
  decide(hub, task, search, questionOf(task, search))
}

/** Invites the team, by default the best there is; asks more where there is none, or gives up for now. */
export function decide(
  hub: HubState,
  task: Task,
  search: Search,
  question: Question,
  team: Team | NoTeam = bestGroup(question, search),
): void {
  const refused = refusedBy(task, search, question)
  if (refused.length > 0) {
    giveUp(hub, task, { kind: 'include', agents: refused, why: 'unwilling' })
    return
  }
  if (team.kind === 'team') {
    if (team.exact === false) search.unproven = true
    invite(hub, task, search, team, question)
    // What is required is invited, and nobody is left for what is optional.
    if (team.members.length === 0) formWhenAccepted(hub, task, search)
    return
  }
  const lacking = lackingIn(search, question)
  if (askMore(hub, task, search, lacking)) return
  giveUp(hub, task, reasonOf(task, search, team, lacking))
}

/** Who must be in the group and would not. */
function refusedBy(task: Task, search: Search, { willing }: Question): readonly AgentId[] {
  const ids = outstanding(task)
  if (ids.length === 0) return ids
  return ids.filter((id) => !invitationOf(search, id) && !willing.some(({ entry }) => entry.id === id))
}

function lackingIn(search: Search, { places, left }: Question): OpenNeed[] {
  return places.flatMap((i) => {
    const need = search.needs[i]
    return need === undefined || need.optional ? [] : [{ ...need, count: left[i] ?? 0 }]
  })
}

/** Who has not answered by now is not waited for; an offer that still comes is too late. */
function closeWindow(search: Search): void {
  search.unanswered = 0
  for (const asked of search.asked) {
    if (asked.account !== undefined || asked.verdict !== undefined) continue
    asked.verdict = 'silent'
    asked.why = 'no answer before the window closed'
  }
}

function formWhenAccepted(hub: HubState, task: Task, search: Search): void {
  if (search.invitations.length === 0) return
  for (const { accepted } of search.invitations) if (!accepted) return
  formGroup(hub, task, search)
}

/** As many agents are invited as are needed. */
function isInvited(search: Search): boolean {
  let places = 0
  for (const need of search.needs) places += need.count
  for (const { reach } of search.invitations) places -= reach.needs.length
  return places === 0
}

function reasonOf(task: Task, search: Search, none: NoTeam, lacking: readonly OpenNeed[]): WaitingFor {
  if (none.why === 'budget') {
    return { kind: 'budget', cheapest: spentIn(task, search) + (none.cheapest ?? 0) }
  }
  // Of each skill there are enough, and of members there are not.
  if (none.why === 'size' && task.announcement.minMembers > 1) return { kind: 'unwilling', needs: [] }
  return { kind: 'unwilling', needs: requirementsOf(lacking) }
}

function invite(hub: HubState, task: Task, search: Search, team: Team, { places, willing }: Question): void {
  for (const member of team.members) {
    const asked = willing[member.candidate]
    if (asked === undefined) continue
    let mask = 0
    for (const place of member.needs) mask |= 1 << (places[place] ?? 0)
    const reach = reachOf(task, search, mask)
    hub.invites += 1
    const invitation: Invitation = {
      id: newInvite(hub),
      asked,
      reach,
      answerBy: Math.min(search.endsAt, hub.now + hub.configuration.limits.holdMs),
      accepted: false,
    }
    search.invitations = longer(search.invitations, invitation)
    asked.isInvited = true
    shiftSlots(hub, asked.entry, 1, 0)
    send(hub, asked.entry.address, {
      kind: 'GROUP_INVITE',
      call: reach.call,
      invite: invitation.id,
      epoch: task.epoch + 1,
      skills: reach.skills,
      holdForMs: search.endsAt - hub.now,
    })
  }
  task.waitingFor = { kind: 'answers', invited: search.invitations.map(invitee) }
}

function invitee({ asked }: Invitation): AgentId {
  return asked.entry.id
}

/** No other invitation has this name: of several hubs, each adds its own. */
function newInvite({ self, invites, invitePrefix, lending }: HubState): InviteId {
  const name = `${invitePrefix}${invites}`
  return (lending.partitions === 1 ? name : `${name}-${self.id}`) as InviteId
}

export function onInviteAnswer(hub: HubState, entry: RosterEntry, message: GroupAccept | GroupReject): void {
  const task = hub.tasks.get(message.task)
  const search = task?.search
  const invitation = search && invitationOf(search, entry.id)
  if (task === undefined || search === undefined || invitation?.id !== message.invite) {
    if (message.kind === 'GROUP_ACCEPT' && !isConfirmed(task, entry)) {
      const refusal = refuse('E_STALE_INVITE', 'the invitation is no longer open')
      send(hub, entry.address, { kind: 'GROUP_RELEASE', task: message.task, invite: message.invite, refusal })
    }
    return
  }
  if (message.kind === 'GROUP_ACCEPT') {
    entry.isOpen = entry.openOffer !== undefined
    invitation.accepted = true
    settle(hub, task)
  } else dropInvitation(hub, task, search, invitation, 'rejected', message.refusal)
}

/** A second accept of an invitation that has become a membership needs no answer but the one it had. */
function isConfirmed(task: Task | undefined, entry: RosterEntry): boolean {
  const part = partOf(task?.group, entry.id)
  return part !== undefined && part.state !== 'lost' && part.member.incarnation === entry.address.incarnation
}

/** Takes an invitation back, gives the slot free, and looks for the next best. */
export function dropInvitation(
  hub: HubState,
  task: Task,
  search: Search,
  invitation: Invitation,
  verdict: 'rejected' | 'silent',
  refusal: Refusal,
): void {
  const { asked } = invitation
  asked.verdict = verdict
  asked.why = refusal.message
  asked.entry.isOpen = false
  search.invitations = search.invitations.filter((other) => other !== invitation)
  asked.isInvited = false
  detach(asked.entry, task)
  shiftSlots(hub, asked.entry, -1, 0)
  if (verdict === 'silent') release(hub, task, invitation, refusal)
  settle(hub, task)
}

function release(hub: HubState, task: Task, invitation: Invitation, refusal: Refusal): void {
  send(hub, invitation.asked.entry.address, {
    kind: 'GROUP_RELEASE',
    task: task.id,
    invite: invitation.id,
    refusal,
  })
}

/** Ends the search without a group. Every slot it held is free again. */
export function endSearch(hub: HubState, task: Task, refusal: Refusal): void {
  const { search } = task
  if (search === undefined) return
  task.search = undefined
  task.lastConsidered = consideredIn(search)
  for (const invitation of search.invitations) {
    shiftSlots(hub, invitation.asked.entry, -1, 0)
    release(hub, task, invitation, refusal)
  }
  clear(hub, task, search, false)
}

/** Everybody who was asked is let go of the task, but for the invited where these have become members. */
function clear(hub: HubState, task: Task, search: Search, isFormed: boolean): void {
  for (const { entry, isInvited } of search.asked) {
    if (isInvited && isFormed) continue
    detach(entry, task)
    if (entry.lender !== undefined && !isInUse(entry)) returnGuest(hub, entry)
  }
  if (search.granted) return
  for (let i = 0; i < search.needs.length; i++) {
    const { skill, count } = search.needs[i] as OpenNeed
    const supply = search.supplies[i] as Supply
    supply.sought -= count
    dropSupply(hub, skill, supply)
    stir(hub, skill)
  }
}

export function giveUp(hub: HubState, task: Task, waitingFor: WaitingFor): void {
  endSearch(hub, task, refuse('E_DECLINED', 'no group could be formed this time'))
  forsake(task)
  task.waitingFor = waitingFor
  shunRefusers(hub, task)
  const { retryMs, maintenanceIntervalMs } = hub.configuration.limits
  const restMs = Math.min(maintenanceIntervalMs, retryMs * 2 ** Math.min(task.fruitless, 16))
  task.fruitless += 1
  enqueue(hub, task, restMs)
}

function formGroup(hub: HubState, task: Task, search: Search): void {
  const members = membersWith(task, search)
  const epoch = task.epoch + 1
  task.search = undefined
  task.fruitless = 0
  if (task.shunned.length > 0) task.shunned = []
  recordOf(hub, task, {
    kind: 'group.formed',
    task: task.id,
    at: hub.now,
    epoch,
    members,
    considered: consideredIn(search),
    uncovered: uncoveredBy(task, members),
    strategy: strategyOf(search),
  })
  noteFormed(hub, task)
  notePassedOver(search)
  clear(hub, task, search, true)
  for (const { asked } of search.invitations) {
    const part = partOf(task.group, asked.entry.id)
    if (part !== undefined) occupy(hub, asked.entry, part)
    countPart(hub, asked.entry)
  }
  awaitWork(hub, task)
  announceGroup(hub, task, members, search)
}

/** Those who are kept, and those who have accepted. */
function membersWith(task: Task, search: Search): readonly Member[] {
  const fresh = search.invitations.map(memberOf)
  if (task.group === undefined) return fresh
  return standingMembers(task)
    .filter(({ agent }) => !invitationOf(search, agent))
    .concat(fresh)
}

/** Which strategies decided, and whether they could prove it. */
function strategyOf({ preferred, unproven }: Search): string {
  const names = preferred === undefined ? strategies : `${strategies} ${preferred.strategy}`
  return unproven ? `${names}; too large to prove that none is better` : names
}

function memberOf({ asked, reach }: Invitation): Member {
  const { id, address } = asked.entry
  const member = { agent: id, incarnation: address.incarnation, skills: reach.skills }
  return asked.price === 0 ? member : { ...member, price: asked.price }
}

function announceGroup(hub: HubState, task: Task, members: readonly Member[], search: Search): void {
  const { id, epoch, group } = task
  const formed: GroupFormed = { kind: 'GROUP_FORMED', task: id, epoch, members }
  // Where nobody else starts the work, whoever hears that the group stands begins.
  const inputs = group?.started ? inputsOf(hub, task) : undefined
  for (const part of group?.parts ?? nothing) {
    if (part.state !== 'working') continue
    const { agent, incarnation } = part.member
    const invitation = invitationOf(search, agent)
    if (invitation === undefined) send(hub, { id: agent, incarnation }, formed)
    else send(hub, invitation.asked.entry.address, formedFor(task, part, members, invitation.id, inputs))
  }
  tellFollowers(hub, task, formed)
}

/** @param inputs What the work begins with; undefined where it does not begin yet. */
function formedFor(
  task: Task,
  part: Part,
  members: readonly Member[],
  invite: InviteId,
  inputs: readonly TaskInput[] | undefined,
): GroupFormed {
  const { id, epoch } = task
  if (inputs === undefined) return { kind: 'GROUP_FORMED', task: id, epoch, members, invite }
  const assignment = assignmentOf(task, part, inputs)
  return { kind: 'GROUP_FORMED', task: id, epoch, members, invite, assignment }
}

const nothing: readonly never[] = []

function uncoveredBy(task: Task, members: readonly Member[]): readonly SkillName[] {
  const { optional } = task.announcement
  if (optional.length === 0) return nothing
  return optional
    .filter(({ skill }) => ![...members, ...task.results].some(({ skills }) => skills.includes(skill)))
    .map(({ skill }) => skill)
}
