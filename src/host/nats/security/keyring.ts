/**
 * Makes, extends and shrinks the security of a network: a folder with a key for each identity, the roster of public
 * keys, and what a server of NATS is told. Loaded only where somebody asks for it.
 * Must never happen here: a key that is printed, that others may read, or that is replaced without being asked for.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { nkeys } from '@nats-io/transport-node'
import { checkId, quote } from '../../../protocol/id.ts'
import { refuse } from '../../../protocol/refusal.ts'
import { Fault } from '../../fault.ts'
import { isOfHub } from '../../options.ts'
import { RefusedError } from '../../refused.ts'
import { keyText, type Role } from '../key-file.ts'
import { type ServerWishes, serverText, usersText } from './configuration.ts'
import { changeRoster, type Listed, type Roster, readRoster } from './roster.ts'

export interface Wanted {
  readonly role: Role
  readonly id: string
}

/** What was written, as paths. */
export interface Written {
  readonly network: string
  readonly server: string
  readonly users: string
  /** Of the keys that are new. */
  readonly keys: readonly { readonly role: Role; readonly id: string; readonly file: string }[]
}

/** Leaves room in an id for what a principal puts behind `--`. */
const principalCharactersMax = 48

/**
 * Writes everything for a new network. `anew`: also where there is one, whose keys are then worthless.
 * Errors: `RefusedError` for a name that cannot be one or is there twice; E_FILE where something is already there.
 */
export function generate(
  folder: string,
  network: string,
  wanted: readonly Wanted[],
  wishes: ServerWishes,
  anew: boolean,
): Written {
  check(checkId(network, 'network'))
  checkNames(wanted)
  const present = readRosterOrNot(folder, anew)
  if (present !== undefined && !anew) {
    throw new Fault('E_FILE', `the network ${quote(present.network)} is there already, in ${quote(folder)}`, {
      hint: 'convoke security add lets somebody in; --force makes all keys anew, and those of before are worthless.',
    })
  }
  const roster = change(folder, () => {
    mustBeFree(folder, [serverFile(folder), ...wanted.map(({ id }) => keyFile(folder, id))], anew)
    for (const { id } of present?.identities ?? []) rmSync(keyFile(folder, id), { force: true })
    const identities = wanted.map((each) => newKey(folder, network, each))
    writeFileSync(serverFile(folder), serverText(network, 'users.conf', wishes))
    return settled(folder, { network, identities })
  })
  return written(folder, roster, wanted)
}

/**
 * Lets somebody in. `anew`: whoever is there already gets another key, and the one of before is worthless.
 * Errors: as of `generate`, and E_FILE without a network.
 */
export function add(folder: string, wanted: readonly Wanted[], anew: boolean): Written {
  checkNames(wanted)
  mustRead(folder)
  const roster = change(folder, () => {
    const { network, identities } = mustRead(folder)
    const known = new Set(identities.map(({ id }) => id))
    const twice = wanted.find(({ id }) => known.has(id))
    if (twice !== undefined && !anew) {
      throw new Fault('E_FILE', `${quote(twice.id)} is there already, with a key of its own`, {
        hint: '--force makes another key for it, and the one of before is worthless.',
      })
    }
    mustBeFree(
      folder,
      wanted.map(({ id }) => keyFile(folder, id)),
      anew,
    )
    const fresh = new Set(wanted.map(({ id }) => id))
    const others = identities.filter(({ id }) => !fresh.has(id))
    const added = wanted.map((each) => newKey(folder, network, each))
    return settled(folder, { network, identities: [...others, ...added] })
  })
  return written(folder, roster, wanted)
}

/** Lets somebody in no more. Errors: E_FILE when there is no network, or nobody of that name. */
export function remove(folder: string, ids: readonly string[]): Written {
  mustRead(folder)
  const roster = change(folder, () => {
    const { network, identities } = mustRead(folder)
    const unknown = ids.find((id) => !identities.some((one) => one.id === id))
    if (unknown !== undefined) {
      const names = identities.map(({ id }) => id).join(', ')
      throw new Fault('E_FILE', `there is nobody named ${quote(unknown)}`, { hint: `There are ${names}.` })
    }
    for (const id of ids) rmSync(keyFile(folder, id), { force: true })
    return settled(folder, { network, identities: identities.filter(({ id }) => !ids.includes(id)) })
  })
  return written(folder, roster, [])
}

function readRosterOrNot(folder: string, anew: boolean): Roster | undefined {
  try {
    return readRoster(folder)
  } catch (cause) {
    // Whoever makes everything anew need not keep what is damaged.
    if (anew) return undefined
    throw cause
  }
}

/** What the disk refuses is the operator's to mend, and no mistake of ours. */
function change(folder: string, act: () => Roster): Roster {
  try {
    mkdirSync(keysIn(folder), { recursive: true, mode: 0o700 })
    return changeRoster(folder, act)
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    throw new Fault('E_FILE', `the folder ${quote(folder)} cannot be written: ${cause.message}`, { cause })
  }
}

function mustRead(folder: string): Roster {
  const roster = readRoster(folder)
  if (roster !== undefined) return roster
  throw new Fault('E_FILE', `there is no network in ${quote(folder)}`, {
    hint: 'convoke security generate FOLDER makes one.',
  })
}

function checkNames(wanted: readonly Wanted[]): void {
  const seen = new Set<string>()
  for (const { role, id } of wanted) {
    check(checkId(id, role))
    const wrong = (what: string, hint: string): RefusedError =>
      new RefusedError(refuse('E_BAD_ID', `${role} ${quote(id)} ${what}`, { field: role, hint }))
    if (isOfHub(id)) throw wrong('has the name of a hub', 'Choose another, such as alpha.')
    if (id.includes('--'))
      throw wrong('has "--" in it', 'What is behind it tells the nodes of one key apart.')
    if (id.length > principalCharactersMax) {
      throw wrong('is too long', `Choose a name of at most ${principalCharactersMax} characters.`)
    }
    if (seen.has(id)) throw wrong('is there twice', 'Give everybody a name of its own.')
    seen.add(id)
  }
}

function check(refusal: ReturnType<typeof checkId>): void {
  if (refusal !== undefined) throw new RefusedError(refusal)
}

/** Before anything is written: what is there is not replaced in silence. */
function mustBeFree(folder: string, files: readonly string[], anew: boolean): void {
  const taken = anew ? undefined : files.find((file) => existsSync(file))
  if (taken === undefined) return
  throw new Fault('E_FILE', `there is a file ${quote(taken)} already, and it is not replaced`, {
    hint: `Take it out of ${quote(folder)}, or say --force.`,
  })
}

function newKey(folder: string, network: string, { role, id }: Wanted): Listed {
  const pair = nkeys.createUser()
  const file = keyFile(folder, id)
  // Made anew and not written over: a file that is there would keep its bits.
  rmSync(file, { force: true })
  writeFileSync(file, keyText({ role, principal: id, network }, pair.getSeed()), { mode: 0o600, flag: 'wx' })
  return { role, id, nkey: pair.getPublicKey() }
}

/** A server that reads the list meanwhile sees the old one or the new one. */
function settled(folder: string, roster: Roster): Roster {
  const file = usersFile(folder)
  writeFileSync(`${file}.new`, usersText(roster))
  renameSync(`${file}.new`, file)
  return roster
}

function written(folder: string, { network }: Roster, fresh: readonly Wanted[]): Written {
  return {
    network,
    server: serverFile(folder),
    users: usersFile(folder),
    keys: fresh.map(({ role, id }) => ({ role, id, file: keyFile(folder, id) })),
  }
}

function keysIn(folder: string): string {
  return join(folder, 'keys')
}

function keyFile(folder: string, id: string): string {
  return join(keysIn(folder), `${id}.key`)
}

function serverFile(folder: string): string {
  return join(folder, 'server.conf')
}

function usersFile(folder: string): string {
  return join(folder, 'users.conf')
}

/** Where JetStream keeps its streams, unless the operator says otherwise. */
export function storeIn(folder: string): string {
  return resolve(folder, 'store')
}
