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
  textOr,
  wrongType,
} from '../protocol/reading.ts'
import { isRefusal, type Refusal, refuse } from '../protocol/refusal.ts'
import { checkLevels, defaultLevels, type SkillLevel } from '../protocol/skill.ts'

export interface NetworkOptions {
  /** Under which this program announces; an id. */
  readonly name?: string
  /** `full`, the default: what was acknowledged survives a power cut. `normal`: it survives the end of the process. */
  readonly durability?: 'full' | 'normal'
  /** Names of the skill levels, from the lowest to the highest. */
  readonly levels?: readonly SkillLevel[]
  readonly limits?: Partial<Limits>
  /** For the choices that are made by chance; the same seed and the same inputs give the same decisions. */
  readonly seed?: number
}

export interface CheckedOptions {
  readonly name: NodeId
  readonly durability: 'full' | 'normal'
  readonly configuration: Configuration
  readonly seed: number | undefined
}

/** The hub's own name in a network. */
export const hubId: HubId = 'hub' as HubId

/** Fills in the defaults, or names the first thing that is wrong. */
export function checkOptions(where: unknown, given: unknown): CheckedOptions | Refusal {
  const notes: Notes = {}
  if (typeof where !== 'string') wrongType(notes, 'where', "':memory:' or the path of a file", where)
  else if (where === '') {
    notes.refusal = refuse('E_MISSING_FIELD', 'where is empty', {
      field: 'where',
      hint: "Name a file, or say ':memory:'.",
    })
  }
  const from = read(notes, given, '', ['name', 'durability', 'levels', 'limits', 'seed'])
  const name = textOr(from, 'name', 'desk') as NodeId
  const seed = numberOr(from, 'seed', undefined)
  const durability = oneOf(from, 'durability', ['full', 'normal'], 'E_TYPE', 'full')
  const levels = levelsIn(from)
  const chosen = limitsIn(from)
  const wrong = notes.refusal ?? checkName(name) ?? checkSeed(seed) ?? checkLevels(levels)
  if (wrong !== undefined) return wrong
  const limits = checkLimits(chosen)
  return isRefusal(limits) ? limits : { name, durability, configuration: { limits, levels }, seed }
}

function levelsIn(from: Reading): readonly SkillLevel[] {
  if (!from.values.has('levels')) return defaultLevels
  // Whether each is a name is for `checkLevels` to say.
  return list(from, 'levels', 32, (value) => value as SkillLevel)
}

function limitsIn(from: Reading): Partial<Limits> {
  const limits = from.values.get('limits')
  if (limits === undefined) return {}
  if (typeof limits === 'object' && limits !== null) return limits
  wrongType(from.notes, 'limits', 'an object', limits)
  return {}
}

function checkName(name: NodeId): Refusal | undefined {
  return checkId(name, 'name') ?? (name === hubId ? idTaken(name, 'name') : undefined)
}

function checkSeed(seed: number | undefined): Refusal | undefined {
  if (seed === undefined) return undefined
  return checkWhole(seed, 'seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
}

/** The answer to a name that somebody has: the hub, the program, another agent. */
export function idTaken(id: string, field: string): Refusal {
  return refuse('E_AGENT_ID_TAKEN', `the id ${quote(id)} is taken`, { field, hint: 'Choose another id.' })
}
