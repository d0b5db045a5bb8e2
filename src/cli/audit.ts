/**
 * `convoke audit PLACE`: examines the journal of a network from its first fact to its last, and changes nothing.
 */
import { auditJournal } from '../host/journal/audit.ts'
import type { AuditReport } from '../host/journal/findings.ts'
import { isNatsPlace } from '../host/nats/place.ts'
import { type Command, type CommandCall, networkOptions } from './command.ts'
import { type ExitCode, exit } from './problem.ts'
import { admission, checkFile, noticesTo } from './store.ts'
import { printable, table } from './terminal.ts'

const { network: _, ...admissionOptions } = networkOptions

export const audit: Command = {
  name: 'audit',
  summary: 'examine the log of a network for damage and broken rules',
  operands: ['PLACE'],
  options: admissionOptions,
  examples: [
    ['convoke audit run.db', 'exit code 0 if all is well, 6 if there is a problem'],
    ['convoke audit run.db --json', 'the counts and every problem with its position as one JSON object'],
    [
      'convoke audit nats://127.0.0.1 --credentials keys/ops.key',
      'the same on NATS, also while a hub decides',
    ],
  ],
  notes: [
    'Checks that no fact was changed, left out or added (a batch of facts carries the hash of all before it),\n' +
      'that the log did not become shorter, and that the facts obey the rules of SPEC.md, section LOG. Of a\n' +
      'network with several partitions all logs are examined, and what they say of each other.',
  ],
  run: examine,
}

async function examine(call: CommandCall): Promise<ExitCode> {
  const { operands, json, terminal } = call
  const report = await audited(call, operands[0] ?? '')
  const good = report.problems.length === 0
  if (json) {
    terminal.out(JSON.stringify({ ok: good, ...report }))
    return good ? exit.done : exit.store
  }
  const { open, ended, facts } = report
  const counts = Object.entries({ open, ...ended }).map(([status, count]) => `${count} ${status}`)
  terminal.out(`${facts} facts about ${report.tasks} tasks: ${counts.join(', ')}`)
  const rows = report.problems.map(({ partition, position, rule, problem }) => [
    partition === undefined ? `at ${position}` : `at ${position} of log ${partition}`,
    rule ?? '',
    printable(problem),
  ])
  for (const row of table(rows)) terminal.out(row)
  const count = report.problems.length
  const verdict = good ? 'No problem found.' : `${count} ${count === 1 ? 'problem' : 'problems'} found.`
  terminal.out(terminal.style(good ? 'green' : 'red', verdict))
  return good ? exit.done : exit.store
}

async function audited(call: CommandCall, place: string): Promise<AuditReport> {
  if (isNatsPlace(place)) {
    const { auditOnNats } = await import('../host/nats/reader.ts')
    return auditOnNats(place, { ...admission(call), notify: noticesTo(call) })
  }
  await checkFile(place)
  return auditJournal(place)
}
