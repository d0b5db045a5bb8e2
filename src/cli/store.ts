/**
 * The file of a network, opened for reading, also while another process runs on it.
 */
import { stat } from 'node:fs/promises'
import { type JournalReader, readSqliteJournal } from '../host/journal/sqlite-reader.ts'
import { quote } from '../protocol/id.ts'
import type { CommandCall } from './command.ts'
import { exit, Problem, usage } from './problem.ts'

/** Opens what `--network` names, and closes it when `read` is done. Throws a `Problem`, or a `Fault` of the journal. */
export async function withJournal<Result>(
  { options }: CommandCall,
  read: (journal: JournalReader) => Promise<Result>,
): Promise<Result> {
  const { network } = options
  if (typeof network !== 'string') {
    throw usage('the option --network is missing', 'Write --network FILE with the file of the network.')
  }
  await checkFile(network)
  const journal = await readSqliteJournal(network)
  try {
    return await read(journal)
  } finally {
    await journal.close()
  }
}

/** Throws E_FILE if there is no such file. */
export async function checkFile(file: string): Promise<void> {
  if ((await stat(file).catch(() => undefined)) !== undefined) return
  throw new Problem('E_FILE', `there is no file ${quote(file)}`, {
    exit: exit.notFound,
    hint: 'It is made by Network.open(FILE), or by convoke run PROJECT.yaml --network FILE.',
  })
}
