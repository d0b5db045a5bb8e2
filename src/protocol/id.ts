/**
 * Names of agents, tasks, hubs, invitations and skills.
 * An id is checked once, at the door, before it can become part of a subject, a path or a key.
 * Must never happen here: an id that is minted from a clock or from randomness (those are passed in).
 */
import { type Refusal, refuse } from './refusal.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type AgentId = Branded<'agent'>
export type TaskId = Branded<'task'>
export type HubId = Branded<'hub'>
/** One invitation. A second invitation of the same agent to the same task has another id. */
export type InviteId = Branded<'invite'>
/** One slot that one hub has granted to another; unique in one life of the hub that granted it. */
export type GrantId = Branded<'grant'>
export type SkillName = Branded<'skill'>
export type ProjectName = Branded<'project'>

/** Who sends or receives: an agent or a hub. They share one space of names. */
export type NodeId = AgentId | HubId

const pattern = /^[A-Za-z0-9_-]{1,64}$/
/** These match the pattern, but as keys of an object they reach its prototype. */
const poisonous: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

export function isId(text: unknown): text is string {
  return typeof text === 'string' && pattern.test(text) && !poisonous.has(text)
}

/** Checks one id. `field` is the path that an error names, such as `agent.id`. */
export function checkId(text: unknown, field: string): Refusal | undefined {
  if (isId(text)) return undefined
  return refuse('E_BAD_ID', `${field} ${quote(text)} is not an id`, {
    field,
    hint: 'An id has 1 to 64 characters, each a letter A-Z or a-z, a digit, "_" or "-".',
  })
}

/** A value as it may be printed in a message: escaped, one line, at most 80 characters. Takes any value. */
export function quote(value: unknown): string {
  if (typeof value === 'number') return `${value}`
  const text = typeof value === 'string' ? value : asJson(value)
  if (text === undefined) return typeof value
  const short = text.length > 80 ? `${text.slice(0, 77)}…` : text
  return JSON.stringify(short).replace(
    unprintable,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Undefined for what JSON cannot carry: a cycle, a BigInt, a function. */
function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

/** What JSON.stringify leaves as it is and a terminal obeys: C1 controls, bidirectional marks, separators. */
const unprintable = /[\u061c\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
