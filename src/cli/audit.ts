/**
 * `convoke audit FILE`: examines the journal of a network from its first fact to its last, and changes nothing.
 */
import { auditJournal } from '../host/journal/audit.ts'
import type { Command, CommandCall } from './command.ts'
import { type ExitCode, exit } from './problem.ts'
import { checkFile } from './store.ts'
import { printable, table } from './terminal.ts'

export const audit: Command = {
  name: 'audit',
  summary: 'examine the file of a network for damage and broken rules',
  operands: ['FILE'],
  options: {},
  examples: [
    ['convoke audit run.db', 'exit code 0 if all is well, 6 if there is a problem'],
    ['convoke audit run.db --json', 'the counts and every problem with its position as one JSON object'],
  ],
  notes: [
    'Checks that no fact was changed, left out or added (a batch of facts carries the hash of all before it),\n' +
      'that the log did not become shorter, and that the facts obey the rules of SPEC.md, section LOG.',
  ],
  run: examine,
}

async function examine({ operands, json, terminal }: CommandCall): Promise<ExitCode> {
  const file = operands[0] ?? ''
  await checkFile(file)
  const report = await auditJournal(file)
  const good = report.problems.length === 0
  if (json) {
    terminal.out(JSON.stringify({ ok: good, ...report }))
    return good ? exit.done : exit.store
  }
  const { open, ended, facts } = report
  const counts = Object.entries({ open, ...ended }).map(([status, count]) => `${count} ${status}`)
  terminal.out(`${facts} facts about ${report.tasks} tasks: ${counts.join(', ')}`)
  const rows = report.problems.map(({ position, rule, problem }) => [
    `at ${position}`,
    rule ?? '',
    printable(problem),
  ])
  for (const row of table(rows)) terminal.out(row)
  const count = report.problems.length
  const verdict = good ? 'No problem found.' : `${count} ${count === 1 ? 'problem' : 'problems'} found.`
  terminal.out(terminal.style(good ? 'green' : 'red', verdict))
  return good ? exit.done : exit.store
}
