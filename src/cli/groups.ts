/**
 * `convoke groups`: the groups that stand now, from the log of a network.
 */

import { showDuration } from '../host/span.ts'
import { Views } from '../host/views.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit } from './problem.ts'
import { withJournal } from './store.ts'
import { clip, table } from './terminal.ts'

export const groups: Command = {
  name: 'groups',
  summary: 'list the groups that stand now, and who does what in them',
  operands: [],
  options: networkOptions,
  examples: [
    ['convoke groups --network run.db', 'a table'],
    ['convoke groups --network nats://127.0.0.1 --json', 'a JSON array'],
  ],
  run: list,
}

async function list(call: CommandCall): Promise<ExitCode> {
  const { json, terminal } = call
  const views = new Views(0)
  // A group that stands belongs to an open task, and open tasks are in every snapshot.
  await withJournal(call, (journal) => journal.replay((fact) => views.fold(fact)))
  const standing = views.groups()
  if (json) {
    terminal.out(JSON.stringify(standing))
    return exit.done
  }
  if (standing.length === 0) terminal.out('No groups.')
  else {
    const rows = standing.map(({ task, epoch, members, formedAt }) => {
      const who = members.map(({ agent, skills }) => `${agent} (${skills.join(', ')})`).join(', ')
      return [task, String(epoch), showDuration(Date.now() - formedAt), clip(who, 100)]
    })
    for (const row of table([['TASK', 'EPOCH', 'STANDS', 'MEMBERS'], ...rows])) terminal.out(row)
  }
  return exit.done
}
