/**
 * `convoke explain TASK`: why a task stands where it stands, from the decision records in the file of its network.
 */
import { explain as explainRecord, explanationText } from '../host/explain.ts'
import type { JournalReader } from '../host/journal/sqlite-reader.ts'
import { foldTask, type TaskRecord } from '../host/views.ts'
import { isId, quote, type TaskId } from '../protocol/id.ts'
import type { WaitingFor } from '../protocol/message.ts'
import { type Command, type CommandCall, networkOption } from './command.ts'
import { type ExitCode, exit, Problem } from './problem.ts'
import { withJournal } from './store.ts'
import { printable } from './terminal.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'say why a task stands where it stands: who was considered, chosen, lost, and why',
  operands: ['TASK'],
  options: { network: networkOption },
  examples: [
    ['convoke explain train --network run.db', 'for people'],
    ['convoke explain train --network run.db --json', 'one JSON object with every decision'],
  ],
  notes: [
    'Decisions are kept, negotiations are not: of a task that still waits, the file tells the tasks that it waits\n' +
      'for, and the running program tells the rest (task.explain()).',
  ],
  run: show,
}

async function show(call: CommandCall): Promise<ExitCode> {
  const { operands, json, terminal } = call
  const [id = ''] = operands
  const explanation = await withJournal(call, async (journal) => {
    const record = isId(id) ? await recordOf(journal, id as TaskId) : undefined
    if (record === undefined) {
      throw new Problem('E_NO_SUCH_TASK', `there is no task ${quote(id)} in this network`, {
        exit: exit.notFound,
        hint: 'convoke tasks --network FILE lists them.',
      })
    }
    const waiting = await openDependencies(journal, record)
    if (record.status === 'blocked' && waiting === undefined) record.status = 'waiting'
    return explainRecord(record, { considered: [], ...(waiting === undefined ? {} : { waiting }) })
  })
  if (json) terminal.out(JSON.stringify(explanation))
  else for (const line of explanationText(explanation).split('\n')) terminal.out(printable(line))
  return exit.done
}

async function recordOf(journal: JournalReader, task: TaskId): Promise<TaskRecord | undefined> {
  let record: TaskRecord | undefined
  for (const fact of await journal.history(task)) record = foldTask(record, fact)
  return record
}

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
