/**
 * The network that a command is about: its log, opened for reading, or the network itself, to take part in it.
 */
import { stat } from 'node:fs/promises'
import { type LogsReader, onlyLog } from '../host/journal/in-time.ts'
import { readSqliteJournal } from '../host/journal/sqlite-reader.ts'
import { type Identity, readKeyFile } from '../host/nats/key-file.ts'
import { isNatsPlace } from '../host/nats/place.ts'
import { Network, type NetworkOptions, type Notice } from '../index.ts'
import { quote } from '../protocol/id.ts'
import type { CommandCall } from './command.ts'
import { exit, Problem, usage } from './problem.ts'
import { printable } from './terminal.ts'

/** What `--network` names, or the environment. Throws a `Problem` when neither does. */
export function placeOf({ options, env }: CommandCall): string {
  const place = options.network ?? env.CONVOKE_NETWORK
  if (typeof place === 'string' && place !== '') return place
  throw usage(
    'the option --network is missing',
    'Write --network with the file or the nats:// address of the network.',
  )
}

/** The place of a network that spans processes. */
export function natsPlaceOf(call: CommandCall, command: string): string {
  const place = placeOf(call)
  if (isNatsPlace(place)) return place
  throw usage(
    `"convoke ${command}" takes part in a network, and ${quote(place)} is a file that one program runs`,
    'Write --network nats://HOST; a program on a file announces through Network.open(FILE).',
  )
}

/** Opens the log of a network, and closes it when `read` is done. Throws a `Problem`, or a `Fault` of the journal. */
export async function withJournal<Result>(
  call: CommandCall,
  read: (journal: LogsReader) => Promise<Result>,
): Promise<Result> {
  const journal = await openReader(call, placeOf(call))
  try {
    return await read(journal)
  } finally {
    await journal.close()
  }
}

async function openReader(call: CommandCall, place: string): Promise<LogsReader> {
  if (isNatsPlace(place)) {
    const { readNatsJournal } = await import('../host/nats/reader.ts')
    return readNatsJournal(place, { ...admission(call), notify: noticesTo(call) })
  }
  await checkFile(place)
  return onlyLog(await readSqliteJournal(place))
}

/** Opens a network on NATS, and closes it when `act` is done. */
export async function withNetwork<Result>(
  call: CommandCall,
  place: string,
  options: Pick<NetworkOptions, 'hub' | 'name' | 'notify' | 'limits' | 'partitions'>,
  act: (network: Network) => Promise<Result>,
): Promise<Result> {
  await using network = await Network.open(place, { ...admission(call), notify: noticesTo(call), ...options })
  return await act(network)
}

/** How to be let in, by the options or by the environment. */
export function admission({ options, env }: CommandCall): Pick<NetworkOptions, 'credentials' | 'tls'> {
  const credentials = options.credentials ?? env.CONVOKE_CREDENTIALS
  const ca = options.ca ?? env.CONVOKE_CA
  const cert = options.cert ?? env.CONVOKE_CERT
  const key = options.key ?? env.CONVOKE_KEY
  const files = Object.entries({ ca, cert, key }).filter(
    ([, file]) => typeof file === 'string' && file !== '',
  )
  return {
    ...(typeof credentials === 'string' && credentials !== '' ? { credentials } : {}),
    ...(files.length === 0 ? {} : { tls: Object.fromEntries(files) as NetworkOptions['tls'] & object }),
  }
}

/** Whose key was handed in, where it says so. Throws E_FILE for one that cannot be read. */
export function identityOf(call: CommandCall): Identity | undefined {
  const { credentials } = admission(call)
  return credentials === undefined ? undefined : readKeyFile(credentials).identity
}

/** Prints what an operator should know on standard error. */
export function noticesTo({ terminal }: CommandCall): (notice: Notice) => void {
  return ({ code, text }) => terminal.err(`${terminal.errorStyle('dim', `${code}:`)} ${printable(text)}`)
}

/** Throws E_FILE if there is no such file. */
export async function checkFile(file: string): Promise<void> {
  if ((await stat(file).catch(() => undefined)) !== undefined) return
  throw new Problem('E_FILE', `there is no file ${quote(file)}`, {
    exit: exit.notFound,
    hint: 'It is made by Network.open(FILE), or by convoke run PROJECT.yaml --network FILE.',
  })
}
