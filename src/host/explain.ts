/**
 * Why a task stands where it stands: who was considered and with which score, who declined and why, why this group, or
 * what it still waits for.
 */
import type { Considered } from '../protocol/group.ts'
import { quote } from '../protocol/id.ts'
import { never } from '../protocol/machine.ts'
import type { WaitingFor } from '../protocol/message.ts'
import type { Requirement } from '../protocol/skill.ts'
import type { Millis } from '../protocol/time.ts'
import type { ForecastView, TaskForecast } from './forecasting.ts'
import { showDuration } from './span.ts'
import { type FormationView, type LossView, type TaskRecord, type TaskView, viewOf } from './views.ts'

export interface Explanation {
  readonly task: TaskView
  /** One sentence. */
  readonly summary: string
  /** Every group that was formed for it, with the record of the decision. */
  readonly formations: readonly FormationView[]
  readonly losses: readonly LossView[]
  /** Why it is not further, or what it was waiting for when it ended. Of an open task only the running hub knows. */
  readonly waiting?: WaitingFor
  /** Who is being asked now, or was asked in the last round that came to nothing. */
  readonly considered: readonly Considered[]
}

export function explain(
  record: TaskRecord,
  live: {
    readonly waiting?: WaitingFor
    readonly considered: readonly Considered[]
    readonly forecast?: TaskForecast
  },
): Explanation {
  const isOpen = record.endedAt === undefined
  const view = viewOf(record)
  const task = isOpen && live.forecast !== undefined ? { ...view, forecast: live.forecast } : view
  const waiting = isOpen ? live.waiting : record.waiting
  return {
    task,
    summary: summaryOf(task, waiting),
    formations: record.formations,
    losses: record.losses,
    ...(waiting === undefined ? {} : { waiting }),
    considered: isOpen ? live.considered : record.considered,
  }
}

function summaryOf(task: TaskView, waiting: WaitingFor | undefined): string {
  const name = `Task ${quote(task.id)}`
  if (task.status === 'completed') return `${name} is completed, in epoch ${task.epoch}.`
  const last = waiting === undefined ? '' : `; at the end ${waitingText(waiting)}`
  if (task.reason !== undefined) return `${name} is ${task.status}: ${task.reason.message}${last}.`
  if (waiting !== undefined) return `${name} is ${task.status}: ${waitingText(waiting)}.`
  return `${name} is ${task.status}.`
}

export function waitingText(waiting: WaitingFor): string {
  switch (waiting.kind) {
    case 'dependencies':
      return `it waits for ${waiting.tasks.map(quote).join(', ')}`
    case 'missing':
      return `no agent here has ${needsText(waiting.needs)}`
    case 'busy':
      return `all agents with ${needsText(waiting.needs)} are busy`
    case 'size':
      return sizeText(waiting)
    case 'include':
      return includeText(waiting)
    case 'unwilling':
      return waiting.needs.length === 0
        ? 'too few agents offered for a group of its smallest size; it asks again soon'
        : `too few agents offered ${needsText(waiting.needs)}; it asks again soon`
    case 'budget':
      return `the cheapest group costs ${waiting.cheapest}, which is above its budget`
    case 'offers':
      return `offers are being collected, ${waiting.answered} of ${waiting.asked} have answered`
    case 'answers':
      return `${waiting.invited.join(', ')} ${waiting.invited.length === 1 ? 'is' : 'are'} invited`
    case 'planned':
      if (waiting.agents.length === 0) return 'its project is being planned'
      return `by the plan of its project its turn with ${waiting.agents.join(', ')} has not come`
    case 'start':
      return 'the group stands, and its initiator has not started it yet'
    case 'work':
      return `${waiting.members.join(', ')} ${waiting.members.length === 1 ? 'works' : 'work'} on it`
    case 'verdict':
      return 'the work is done, and its check is awaited'
    default:
      return never(waiting)
  }
}

function includeText({ agents, why }: Extract<WaitingFor, { readonly kind: 'include' }>): string {
  const are = agents.length === 1 ? 'is' : 'are'
  const reasons = {
    absent: `${are} not here`,
    unable: 'can do nothing of what is open',
    busy: `${are} busy`,
    unwilling: 'did not say yes; it asks again soon',
  }
  return `there is no group without ${agents.join(', ')}, who ${reasons[why]}`
}

function sizeText({ needs, size, busy }: Extract<WaitingFor, { readonly kind: 'size' }>): string {
  if (size === 0) return `the group is full, and lacks ${needsText(needs)}`
  const group = size === 1 ? 'no single agent has' : `no ${size} agents together have`
  if (!busy) return `${group} ${needsText(needs)}; allow a larger group, or ask for less`
  return `${group} ${needsText(needs)} and a free slot; it goes on when they are free`
}

function needsText(needs: readonly Requirement[]): string {
  return needs
    .map(({ skill, level, count }) => `${count > 1 ? `${count} × ` : ''}${skill} (${level})`)
    .join(', ')
}

/** The explanation as lines for people. Texts of others are escaped. */
export function explanationText(explanation: Explanation): string {
  const { warning } = explanation.task
  const warned = warning === undefined ? [] : [`Accepted with a warning: ${warning.message}.`]
  const lines = [explanation.summary, ...warned, ...forecastText(explanation.task)]
  for (const { epoch, members, considered, uncovered, strategy } of explanation.formations) {
    lines.push(`Epoch ${epoch}, decided by ${strategy}:`)
    for (const { agent, skills } of members) lines.push(`  ${agent} covers ${skills.join(', ')}`)
    if (uncovered.length > 0) lines.push(`  without the optional ${uncovered.join(', ')}`)
    lines.push(...consideredText(considered))
  }
  for (const { agent, epoch, reason } of explanation.losses) {
    lines.push(`Lost ${agent} in epoch ${epoch}: ${quote(reason.message)} (${reason.code})`)
  }
  if (explanation.considered.length > 0) {
    lines.push('Asked last, without a group:')
    lines.push(...consideredText(explanation.considered))
  }
  return lines.join('\n')
}

/** When it is expected to end, or that nobody can say. */
function forecastText({ forecast, endedAt }: TaskView): string[] {
  if (endedAt !== undefined) return []
  if (forecast === undefined) {
    return ['When it will end cannot be said.']
  }
  const lines = [`It is expected to end ${rangeText(forecast, forecast.madeAt)}${basisText[forecast.basis]}.`]
  const { project } = forecast
  if (project !== undefined) {
    lines.push(
      `Its project, with ${project.openTasks} open tasks, is expected to end ${rangeText(project, forecast.madeAt)}.`,
    )
  }
  return lines
}

const basisText: Readonly<Record<TaskForecast['basis'], string>> = {
  plan: ', by the plan of its project',
  dependencies: ', if agents are free when they are needed',
}

function rangeText({ earliestAt, finishesAt, latestAt }: ForecastView, madeAt: Millis): string {
  const [about, from, to] = [finishesAt, earliestAt, latestAt].map((at) => showDuration(at - madeAt))
  return `in ${about}, most likely between ${from} and ${to}`
}

function consideredText(considered: readonly Considered[]): string[] {
  return considered.map((one) => {
    const { agent, skills, verdict, why } = one
    const reason = why === undefined ? whyBehind(one, considered) : quote(why)
    const words = reason === undefined ? '' : `: ${reason}`
    return `  considered ${agent} for ${skills.join(', ')} (${figuresOf(one)}): ${verdict}${words}`
  })
}

function figuresOf({ score, success, outcomes, open, load, costs }: Considered): string {
  const count = Math.round(outcomes ?? 0)
  const seen = count === 0 ? '' : ` from ${count} ${count === 1 ? 'outcome' : 'outcomes'}`
  const parts = Object.entries(costs ?? {}).map(([name, cost]) => `${name} ${cost}`)
  const less = parts.length === 0 ? '' : `, costs ${parts.join(', ')}`
  const how = open ? 'open offer, ' : ''
  return `${how}score ${score}, success ${success}${seen}, load ${load}${less}`
}

/** What can make an agent second, as it is said of the one that was not taken. */
const drawbacks = {
  success: 'less likely to succeed',
  time: 'would take longer',
  load: 'busier',
  price: 'dearer',
  late: 'more likely to be late',
  spread: 'has had more work already',
  plan: 'the plan wants others',
} as const

/** Why somebody who offered was not taken: by what, and by how much, it fell behind whoever was taken instead. */
function whyBehind(one: Considered, considered: readonly Considered[]): string | undefined {
  if (one.verdict !== 'outscored') return undefined
  const rival = considered.find((other) => {
    return other.verdict === 'chosen' && other.skills.some((skill) => one.skills.includes(skill))
  })
  if (rival === undefined) return undefined
  const behind = rival.score - one.score
  if (behind < 0) return `the group as a whole is better with ${rival.agent}`
  const gaps = [
    { what: drawbacks.success, gap: Math.log(rival.success / one.success) },
    ...(['time', 'load', 'price', 'late', 'spread', 'plan'] as const).map((part) => {
      return { what: drawbacks[part], gap: (one.costs?.[part] ?? 0) - (rival.costs?.[part] ?? 0) }
    }),
  ]
  const worse = gaps.filter(({ gap }) => gap >= 0.005).sort((a, b) => b.gap - a.gap)
  const causes = worse.map(({ what, gap }) => `${what} (${gap.toFixed(2)})`)
  if (causes.length === 0) return `as good as ${rival.agent}`
  return `${behind.toFixed(2)} behind ${rival.agent}: ${causes.join(', ')}`
}
