/**
 * The file with which a process is let in: the seed of an nkey, with a line that says whose it is, or credentials of
 * NATS (`.creds`).
 * Must never happen here: a secret in a message, or a secret taken from a file that everybody may read.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { isId, type NodeId, quote } from '../../protocol/id.ts'
import { type Refusal, refuse } from '../../protocol/refusal.ts'
import { Fault } from '../fault.ts'
import { principalOf } from './subjects.ts'

/** What a key is for: to decide, to work, or to announce and look. */
export const roles = ['hub', 'agent', 'client'] as const
export type Role = (typeof roles)[number]

/** Whose key it is, by its own first line. */
export interface Identity {
  readonly role: Role
  /** Answers for every node whose id is this, or begins with this and `--`. */
  readonly principal: string
  readonly network: string
}

export interface KeyFile {
  readonly kind: 'seed' | 'creds'
  /** The seed as text, or the whole file of credentials. */
  readonly secret: Uint8Array
  /** Undefined for a key that `convoke security` has not made. */
  readonly identity: Identity | undefined
}

/** Errors: E_FILE when the file cannot be read, is no key, or may be read by everybody. */
export function readKeyFile(path: string): KeyFile {
  let text: string
  try {
    mustBeKept(path)
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('E_FILE', `the credentials ${quote(path)} cannot be read: ${what}`, { hint: form, cause })
  }
  if (text.includes('BEGIN NATS USER JWT')) {
    return { kind: 'creds', secret: Buffer.from(text), identity: undefined }
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const seeds = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const [seed = ''] = seeds
  if (seeds.length === 1 && /^SU[A-Z2-7]{56}$/.test(seed)) {
    return { kind: 'seed', secret: Buffer.from(seed), identity: identityIn(lines[0] ?? '') }
  }
  throw new Fault(
    'E_FILE',
    `the file ${quote(path)} holds neither NATS credentials nor the seed of an nkey`,
    {
      hint: form,
    },
  )
}

/** The text of such a file. Other programs of NATS read it too: to them a line with `#` is none. */
export function keyText({ role, principal, network }: Identity, seed: Uint8Array): string {
  return `# convoke: ${role} ${principal} of the network ${network}\n${Buffer.from(seed).toString()}\n`
}

/** A name that no other program has, for one that was given none: `ops--5f0c91ab` under the key of `ops`. */
export function drawnName(identity: Identity | undefined): NodeId {
  const lot = randomBytes(4).toString('hex')
  return (identity === undefined ? `desk-${lot}` : `${identity.principal}--${lot}`) as NodeId
}

/**
 * Why a node cannot have this id under a key; undefined when it can. Hubs are trusted by everybody, and may bring along
 * whom they like.
 */
export function notOf(identity: Identity | undefined, id: NodeId, field: string): Refusal | undefined {
  if (identity === undefined || identity.role === 'hub' || principalOf(id) === identity.principal)
    return undefined
  const { role, principal } = identity
  return refuse('E_RANGE', `the key of the ${role} ${quote(principal)} does not speak for ${quote(id)}`, {
    field,
    hint: `Say ${quote(principal)}, or a name that begins with ${quote(`${principal}--`)}; or use another key.`,
  })
}

const form =
  'Name a key that convoke security has made, a file with NATS credentials (.creds), or with an nkey seed.'

function identityIn(line: string): Identity | undefined {
  const found = /^# convoke: (\w+) (\S+) of the network (\S+)$/.exec(line)
  const [, role, principal, network] = found ?? []
  const known = roles.find((one) => one === role)
  if (known === undefined || !isId(principal) || !isId(network)) return undefined
  return { role: known, principal, network }
}

/** Windows keeps no such bits. The group may read it: orchestrators hand secrets to a group. */
function mustBeKept(path: string): void {
  if (process.platform === 'win32') return
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o007) === 0) return
  throw new Fault('E_FILE', `everybody here may read the key ${quote(path)} (mode ${mode.toString(8)})`, {
    hint: `Take the right away: chmod 600 ${path}`,
  })
}
