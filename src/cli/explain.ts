/**
 * `convoke explain TASK`: why a task stands where it stands, from the decision records in the file of its network.
 */
import { type Explanation, explain as explainRecord, explanationText } from '../host/explain.ts'
import type { TaskForecast } from '../host/forecasting.ts'
import { isNatsPlace } from '../host/nats/place.ts'
import type { JournalReader } from '../host/ports.ts'
import { foldTask, type TaskRecord, Views } from '../host/views.ts'
import { isId, quote, type TaskId } from '../protocol/id.ts'
import type { WaitingFor } from '../protocol/message.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit, Problem } from './problem.ts'
import { placeOf, withJournal, withNetwork } from './store.ts'
import { printable } from './terminal.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'say why a task stands where it stands: who was considered, chosen, lost, and why',
  operands: ['TASK'],
  options: networkOptions,
  examples: [
    ['convoke explain train --network run.db', 'for people'],
    ['convoke explain train --network run.db --json', 'one JSON object with every decision'],
  ],
  notes: [
    'Decisions are kept, negotiations are not: of a task that still waits, a file tells the tasks that it waits\n' +
      'for, and the running program tells the rest (task.explain()). On NATS the hub is asked.',
  ],
  run: show,
}

async function show(call: CommandCall): Promise<ExitCode> {
  const { operands, json, terminal } = call
  const [id = ''] = operands
  const place = placeOf(call)
  const explanation = isNatsPlace(place)
    ? await withNetwork(call, place, { hub: false }, (network) => network.explain(id))
    : await explainFile(call, id)
  if (json) terminal.out(JSON.stringify(explanation))
  else for (const line of explanationText(explanation).split('\n')) terminal.out(printable(line))
  const { task, waiting } = explanation
  if (!json && !isNatsPlace(place) && task.status === 'waiting' && waiting === undefined)
    terminal.out(
      'What it waits for the file does not say: the program that runs on it knows (task.explain()).',
    )
  return exit.done
}

function explainFile(call: CommandCall, id: string): Promise<Explanation> {
  return withJournal(call, async (journal) => {
    const record = isId(id) ? await recordOf(journal, id as TaskId) : undefined
    if (record === undefined) {
      throw new Problem('E_NO_SUCH_TASK', `there is no task ${quote(id)} in this network`, {
        exit: exit.notFound,
        hint: 'convoke tasks --network FILE lists them.',
      })
    }
    const waiting = await openDependencies(journal, record)
    if (record.status === 'blocked' && waiting === undefined) record.status = 'waiting'
    const forecast = record.endedAt === undefined ? await forecastOf(journal, id as TaskId) : undefined
    return explainRecord(record, {
      considered: [],
      ...(waiting === undefined ? {} : { waiting }),
      ...(forecast === undefined ? {} : { forecast }),
    })
  })
}

async function recordOf(journal: JournalReader, task: TaskId): Promise<TaskRecord | undefined> {
  let record: TaskRecord | undefined
  for (const fact of await journal.history(task)) record = foldTask(record, fact)
  return record
}

/** As if agents were free when they are needed: who is free, the file does not say. */
async function forecastOf(journal: JournalReader, task: TaskId): Promise<TaskForecast | undefined> {
  const views = new Views(endedKept)
  for await (const { fact } of journal.read(0)) views.fold(fact)
  return views.forecasts([], Date.now()).get(task)
}

/** Ended tasks that are kept in mind; what they taught of durations is kept without them. */
const endedKept = 1_000

async function openDependencies(
  journal: JournalReader,
  { announcement, status }: TaskRecord,
): Promise<WaitingFor | undefined> {
  if (status !== 'blocked') return undefined
  const open: TaskId[] = []
  for (const task of announcement.dependsOn) {
    const record = await recordOf(journal, task)
    if (record !== undefined && record.endedAt === undefined) open.push(task)
  }
  return open.length === 0 ? undefined : { kind: 'dependencies', tasks: open }
}
