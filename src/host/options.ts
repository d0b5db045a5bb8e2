/**
 * How a network is opened: the options, checked before anything is opened.
 * Must never happen here: an option that is misspelled and ignored.
 */
import { checkId, type HubId, type NodeId, quote } from '../protocol/id.ts'
import { type Configuration, checkLimits, checkWhole, type Limits } from '../protocol/limits.ts'
import {
  list,
  type Notes,
  numberOr,
  oneOf,
  type Reading,
  read,
  text,
  textOr,
  valueIn,
  wrongType,
} from '../protocol/reading.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import { checkLevels, defaultLevels, type SkillLevel } from '../protocol/skill.ts'
import { drawnName, type Identity, notOf, readKeyFile } from './nats/key-file.ts'
import type { Notice } from './nats/notice.ts'
import { isNatsPlace, networkOf } from './nats/place.ts'
import { partitionsMax } from './nats/subjects.ts'

export interface NetworkOptions {
  /**
   * Under which this program announces; an id. `desk` unless said; on NATS, where every program needs a name of its
   * own, `desk-` (under a key of `convoke security`, its name and `--`) and eight characters drawn by lot.
   */
  readonly name?: string
  /**
   * `full`, the default: what was acknowledged survives a power cut. `normal`: it survives the end of the process. On
   * NATS the servers' own configuration decides; with `full`, `notify` is told where they do not promise it.
   */
  readonly durability?: 'full' | 'normal'
  /** Names of the skill levels, from the lowest to the highest. */
  readonly levels?: readonly SkillLevel[]
  /**
   * `evidence`, the default: an agent is asked at the level that its outcomes support. `claim`: at the level that it
   * claims, for levels that are certificates and cannot be earned by work.
   */
  readonly levelsBy?: 'evidence' | 'claim'
  readonly limits?: Partial<Limits>
  /** For the choices that are made by chance; the same seed and the same inputs give the same decisions. */
  readonly seed?: number
  /** On NATS: whether this process may be the hub, or stand by for it. Unless said, whatever its key allows. */
  readonly hub?: boolean
  /**
   * On NATS: among how many hubs tasks and agents are divided, from 1 to 16, for good. Whoever makes the network
   * decides it, 1 unless said; whoever says another number later is refused.
   */
  readonly partitions?: number
  /** On NATS: the path of a key of `convoke security`, of credentials (`.creds`), or of the seed of an nkey. */
  readonly credentials?: string
  /** On NATS: paths of PEM files, for servers that ask for more than a certificate that everybody trusts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** On NATS: is told what an operator should know and no call waits for, such as a connection that is gone. */
  readonly notify?: (notice: Notice) => void
}

export interface CheckedOptions {
  readonly name: NodeId
  readonly durability: 'full' | 'normal'
  readonly configuration: Configuration
  readonly seed: number | undefined
  readonly hub: boolean
  /** Undefined for whatever is there. */
  readonly partitions: number | undefined
  readonly credentials: string | undefined
  /** Whose credentials they are, where they say so. */
  readonly identity: Identity | undefined
  readonly tls: NetworkOptions['tls']
  readonly notify: (notice: Notice) => void
}

/** The hub's own name in a network. */
export const hubId: HubId = 'hub' as HubId

/** Fills in the defaults, or names the first thing that is wrong. Throws E_FILE for credentials that cannot be read. */
export function checkOptions(where: unknown, given: unknown): CheckedOptions | Refusal {
  const notes: Notes = {}
  if (typeof where !== 'string')
    wrongType(notes, 'where', "':memory:', the path of a file, or 'nats://…'", where)
  else if (where === '') {
    notes.refusal = refuse('E_MISSING_FIELD', 'where is empty', {
      field: 'where',
      hint: "Name a file, or say ':memory:'.",
    })
  }
  const onNats = typeof where === 'string' && isNatsPlace(where)
  const from = read(notes, given, '', onNats ? [...everywhere, ...natsOnly] : everywhere)
  const onlyOnNats = natsOptionsIn(from)
  const { identity, hub, partitions } = onlyOnNats
  const name = textOr(from, 'name', onNats ? drawnName(identity) : 'desk') as NodeId
  const seed = numberOr(from, 'seed', undefined)
  const durability = oneOf(from, 'durability', ['full', 'normal'], 'E_TYPE', 'full')
  const levels = levelsIn(from)
  const levelsBy = oneOf(from, 'levelsBy', ['evidence', 'claim'], 'E_TYPE', 'evidence')
  const chosen = limitsIn(from)
  const wrong =
    notes.refusal ??
    checkName(name) ??
    checkSeed(seed) ??
    (partitions === undefined ? undefined : checkWhole(partitions, 'partitions', 1, partitionsMax)) ??
    checkLevels(levels) ??
    checkIdentity(identity, where, name, hub)
  if (wrong !== undefined) return wrong
  const limits = checkLimits(chosen)
  if (isRefusal(limits)) return limits
  return { name, durability, configuration: { limits, levels, levelsBy }, seed, ...onlyOnNats }
}

const everywhere = ['name', 'durability', 'levels', 'levelsBy', 'limits', 'seed']
const natsOnly = ['hub', 'partitions', 'credentials', 'tls', 'notify']

type NatsOptions = Pick<CheckedOptions, 'hub' | 'partitions' | 'credentials' | 'identity' | 'tls' | 'notify'>

function natsOptionsIn(from: Reading): NatsOptions {
  const { notes } = from
  const credentials = textOr(from, 'credentials', undefined)
  const isSound = credentials !== undefined && notes.refusal === undefined
  const identity = isSound ? readKeyFile(credentials).identity : undefined
  const hub = valueIn(from, 'hub') ?? (identity === undefined || identity.role === 'hub')
  if (typeof hub !== 'boolean') wrongType(notes, 'hub', 'true or false', hub)
  const notify = valueIn(from, 'notify') ?? (() => {})
  if (typeof notify !== 'function') wrongType(notes, 'notify', 'a function', notify)
  const tlsGiven = valueIn(from, 'tls')
  const tls = tlsGiven === undefined ? undefined : tlsIn(notes, tlsGiven)
  return {
    hub: hub === true,
    partitions: numberOr(from, 'partitions', undefined),
    credentials,
    identity,
    tls,
    notify: notify as CheckedOptions['notify'],
  }
}

const tlsFiles = ['ca', 'cert', 'key'] as const

function tlsIn(notes: Notes, given: unknown): NetworkOptions['tls'] {
  const from = read(notes, given, 'tls.', tlsFiles)
  const files: Record<string, string> = {}
  for (const file of tlsFiles) if (valueIn(from, file) !== undefined) files[file] = text(from, file)
  return files
}

function levelsIn(from: Reading): readonly SkillLevel[] {
  if (valueIn(from, 'levels') === undefined) return defaultLevels
  // Whether each is a name is for `checkLevels` to say.
  return list(from, 'levels', 32, (value) => value as SkillLevel)
}

function limitsIn(from: Reading): Partial<Limits> {
  const limits = valueIn(from, 'limits')
  if (limits === undefined) return {}
  if (typeof limits === 'object' && limits !== null) return limits
  wrongType(from.notes, 'limits', 'an object', limits)
  return {}
}

function checkName(name: NodeId): Refusal | undefined {
  return checkId(name, 'name') ?? (isOfHub(name) ? idTaken(name, 'name') : undefined)
}

/** A hub answers for its own name, and for all that begin with it and `--`. */
export function isOfHub(id: string): boolean {
  const [principal = ''] = id.split('--', 1)
  return principal === hubId || /^hub-\d+$/.test(principal)
}

/** A server would refuse the same, and less clearly. */
function checkIdentity(
  identity: Identity | undefined,
  where: unknown,
  name: NodeId,
  hub: boolean,
): Refusal | undefined {
  if (identity === undefined) return undefined
  const { role, principal, network } = identity
  const whose = `the key is that of the ${role} ${quote(principal)} of the network ${quote(network)}`
  if (networkOf(String(where)) !== network) {
    const hint = `Write nats://HOST/${network}, or use a key of the other network.`
    return refuse('E_RANGE', `${whose}, and not of the one in ${quote(where)}`, { field: 'where', hint })
  }
  if (hub && role !== 'hub') {
    const hint = 'Leave the option hub out, or use the key of a hub.'
    return refuse('E_RANGE', `${whose}, and no hub decides with it`, { field: 'hub', hint })
  }
  return notOf(identity, name, 'name')
}

function checkSeed(seed: number | undefined): Refusal | undefined {
  if (seed === undefined) return undefined
  return checkWhole(seed, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
}

/** The answer to a name that somebody has: the hub, the program, another agent. */
export function idTaken(id: string, field: string): Refusal {
  return refuse('E_AGENT_ID_TAKEN', `the id ${quote(id)} is taken`, { field, hint: 'Choose another id.' })
}
