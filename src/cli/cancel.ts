/**
 * `convoke cancel TASK`: ends a task of a network on NATS, for an operator, whoever announced it.
 */
import { viewOf } from '../host/views.ts'
import { checkId, type TaskId } from '../protocol/id.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit, Problem } from './problem.ts'
import { admission, natsPlaceOf, noticesTo } from './store.ts'
import { printable } from './terminal.ts'

export const cancel: Command = {
  name: 'cancel',
  summary: 'end a task of a network on NATS, and those that it has announced',
  operands: ['TASK'],
  options: {
    ...networkOptions,
    reason: { value: 'TEXT', help: 'why; the members and the initiator are told' },
  },
  examples: [
    [
      'convoke cancel train --reason "the data is wrong" --network nats://127.0.0.1',
      'exit code 0 when it has ended',
    ],
  ],
  notes: [
    'In a program only the initiator of a task may cancel it. This command speaks in its name, so where the servers\n' +
      'know who may say what, it needs the credentials of an operator.',
  ],
  run: cancelTask,
}

async function cancelTask(call: CommandCall): Promise<ExitCode> {
  const { operands, options, terminal, json } = call
  const place = natsPlaceOf(call, 'cancel')
  const [id = ''] = operands
  const wrong = checkId(id, 'TASK')
  if (wrong !== undefined)
    throw new Problem(wrong.code, wrong.message, { exit: exit.usage, hint: wrong.hint })
  const { cancelOnNats } = await import('../host/nats/reader.ts')
  const reason = typeof options.reason === 'string' ? options.reason : 'an operator wanted it'
  const settings = { ...admission(call), notify: noticesTo(call) }
  const view = viewOf(await cancelOnNats(place, settings, id as TaskId, reason))
  if (json) terminal.out(JSON.stringify(view))
  else
    terminal.out(
      `${id} ${view.status}${view.reason === undefined ? '' : `: ${printable(view.reason.message)}`}`,
    )
  return view.status === 'cancelled' ? exit.done : exit.refused
}
