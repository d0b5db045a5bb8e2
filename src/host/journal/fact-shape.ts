/**
 * Whether something that was read from a log has the shape of a fact. Only the audit asks: a start trusts what carries
 * the right hash, for a hub wrote it.
 */
import type { Fact, FactKind } from '../../protocol/fact.ts'
import { isId, quote } from '../../protocol/id.ts'

type Check = (value: unknown) => boolean

const id: Check = isId
const text: Check = (value) => typeof value === 'string'
const flag: Check = (value) => typeof value === 'boolean'
const list: Check = Array.isArray
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const amount: Check = (value) => typeof value === 'number' && value >= 0
const record: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

type Shape<Kind extends FactKind> = {
  readonly [Field in Exclude<keyof Extract<Fact, { kind: Kind }>, 'kind'>]-?: Check
}

const shapes: { readonly [Kind in FactKind]: Shape<Kind> } = {
  'task.accepted': {
    task: id,
    at: amount,
    initiator: id,
    announcement: record,
    warning: maybe(record),
    behalf: maybe(record),
  },
  'dependency.ended': { task: id, at: amount, dependency: id, status: text, results: list },
  'group.formed': {
    task: id,
    at: amount,
    epoch: count,
    members: list,
    considered: list,
    uncovered: list,
    strategy: text,
  },
  'task.started': { task: id, at: amount, epoch: count },
  'checkpoint.saved': { task: id, at: amount, checkpoint: record },
  'member.finished': { task: id, at: amount, epoch: count, agent: id, result: text, tookMs: amount },
  'member.lost': { task: id, at: amount, epoch: count, agent: id, reason: record, counts: flag },
  'claim.returned': { task: id, at: amount, epoch: count, by: id, reason: text },
  'task.ended': {
    task: id,
    at: amount,
    epoch: count,
    status: text,
    reason: maybe(record),
    waiting: maybe(record),
    considered: maybe(list),
  },
  'standing.changed': {
    task: maybe(id),
    at: amount,
    epoch: maybe(count),
    evidence: list,
    strategy: text,
    source: maybe(record),
  },
  'outcome.reported': { task: maybe(id), at: amount, epoch: count, home: id, serial: count, outcomes: list },
  'hub.started': { at: amount, hub: id, incarnation: count },
}

/** What is wrong with the shape, or undefined when it is that of a fact. */
export function factFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `${quote(value)} is not a fact`
  const fields = value as Readonly<Record<string, unknown>>
  const kind = fields.kind
  if (typeof kind !== 'string' || !Object.hasOwn(shapes, kind)) return `unknown kind of fact ${quote(kind)}`
  for (const [field, check] of Object.entries<Check>(shapes[kind as FactKind])) {
    if (!check(fields[field])) return `${kind} with ${field} ${quote(fields[field])}`
  }
  return undefined
}
