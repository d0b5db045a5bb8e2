/**
 * `convoke tasks`: the tasks of a network, from its file.
 */

import { showDuration } from '../host/span.ts'
import { type TaskView, Views } from '../host/views.ts'
import { didYouMean } from '../protocol/nearest.ts'
import { taskStatuses } from '../protocol/task.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit, usage } from './problem.ts'
import { showMembers, showStatus } from './show.ts'
import { withJournal } from './store.ts'
import { clip, printable, table } from './terminal.ts'

export const tasks: Command = {
  name: 'tasks',
  summary: 'list the tasks of a network: all that are open, and the last that ended',
  operands: [],
  options: {
    ...networkOptions,
    status: { value: 'STATUS', help: 'only those with this status' },
    limit: { value: 'N', help: 'so many ended tasks, the last ones; default 1000' },
  },
  examples: [
    ['convoke tasks --network run.db', 'a table'],
    [
      'convoke tasks --network run.db --status failed --json',
      'a JSON array of what failed, with the reasons',
    ],
  ],
  notes: [
    'A network may be running on the file meanwhile; what is shown is what was durable when it was read.',
    'Of an open task TOOK says when it is expected to end, with the range of eight ends in ten, as if\n' +
      'agents were free when they are needed. It is empty where nobody knows how long the work takes.',
  ],
  run: list,
}

const statuses = ['blocked', 'waiting', 'forming', 'formed', 'working', 'verifying', ...taskStatuses] as const

async function list(call: CommandCall): Promise<ExitCode> {
  const { options, json, terminal } = call
  const { status, limit } = options
  if (status !== undefined && !(statuses as readonly unknown[]).includes(status)) {
    const hint = didYouMean(String(status), statuses, 'The statuses are')
    throw usage(`${JSON.stringify(status)} is not the status of a task`, hint)
  }
  const views = await withJournal(call, async (journal) => {
    const all = new Views(limitOf(limit))
    for await (const { fact } of journal.read(0)) all.fold(fact)
    const forecasts = all.forecasts([], Date.now())
    return unblocked(all.tasks()).map((view) => {
      const forecast = forecasts.get(view.id)
      return forecast === undefined ? view : { ...view, forecast }
    })
  })
  const ended = views.filter(({ endedAt }) => endedAt !== undefined)
  const cut = new Set(ended.slice(0, Math.max(0, ended.length - limitOf(limit))))
  const shown = views.filter((view) => !cut.has(view) && (status === undefined || view.status === status))
  if (json) {
    terminal.out(JSON.stringify(shown))
    return exit.done
  }
  if (shown.length === 0) terminal.out('No tasks.')
  else for (const row of table([heading, ...shown.map(rowOf)])) terminal.out(row)
  return exit.done

  function rowOf(view: TaskView): string[] {
    const took = view.endedAt === undefined ? expected(view) : showDuration(view.endedAt - view.announcedAt)
    return [
      view.id,
      showStatus(terminal, view.status),
      view.priority,
      String(view.epoch),
      took,
      clip(showMembers(view.members), 60),
      clip(printable(view.description), 50),
    ]
  }
}

/** Of an open task, when it is expected to end, and the most likely range. */
function expected({ forecast, warning }: TaskView): string {
  const late = warning === undefined ? '' : ', late'
  if (forecast === undefined) return late.slice(2)
  const { finishesAt, earliestAt, latestAt, madeAt } = forecast
  const [about, from, to] = [finishesAt, earliestAt, latestAt].map((at) => showDuration(at - madeAt))
  return `in ${about} (${from} to ${to})${late}`
}

const heading = ['TASK', 'STATUS', 'PRIORITY', 'EPOCH', 'TOOK', 'MEMBERS', 'DESCRIPTION']

function limitOf(limit: string | true | undefined): number {
  if (limit === undefined) return 1_000
  if (typeof limit === 'string' && /^\d{1,9}$/.test(limit)) return Number(limit)
  throw usage(`the limit ${JSON.stringify(limit)} is not a whole number`, 'Write --limit 20.')
}

/** A task is blocked only as long as one of the tasks that it depends on is open. */
function unblocked(views: readonly TaskView[]): readonly TaskView[] {
  const open = new Set(views.filter(({ endedAt }) => endedAt === undefined).map(({ id }) => id))
  return views.map((view) =>
    view.status === 'blocked' && !view.dependsOn.some((id) => open.has(id))
      ? { ...view, status: 'waiting' }
      : view,
  )
}
