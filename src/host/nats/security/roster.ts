/**
 * Who belongs to a network: `network.json` in the folder of its security, with public keys alone. What a server is told
 * is made from it.
 * Must never happen here: a secret, or a roster that is half written.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { isId, quote } from '../../../protocol/id.ts'
import { Fault } from '../../fault.ts'
import { type Role, roles } from '../key-file.ts'

export interface Listed {
  readonly role: Role
  readonly id: string
  /** The public key. */
  readonly nkey: string
}

export interface Roster {
  readonly network: string
  readonly identities: readonly Listed[]
}

const identity = z.string().refine(isId)
const schema: z.ZodType<Roster> = z.strictObject({
  network: identity,
  identities: z.array(
    z.strictObject({ role: z.enum(roles), id: identity, nkey: z.string().regex(/^U[A-Z2-7]{55}$/) }),
  ),
})

/** Undefined when there is none. Errors: E_FILE for one that cannot be read, or that somebody has damaged. */
export function readRoster(folder: string): Roster | undefined {
  const file = rosterFile(folder)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('E_FILE', `${quote(file)} cannot be read: ${what}`, { cause })
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Fault('E_FILE', `${quote(file)} is not what convoke security has written`, {
      hint: 'Restore it from a backup; the keys in the folder stay good as long as the server has its users.conf.',
      cause,
    })
  }
}

/**
 * Lets one process at a time change the folder. What `change` returns is written as a whole, after everything that
 * `change` did itself.
 */
export function changeRoster(folder: string, change: () => Roster): Roster {
  const file = rosterFile(folder)
  const draft = `${file}.new`
  let descriptor: number
  try {
    descriptor = openSync(draft, 'wx', 0o644)
  } catch (cause) {
    throw new Fault(
      'E_FILE',
      `${quote(draft)} is there: another convoke security is at work, or was killed`,
      {
        hint: 'Remove it when no other runs.',
        cause,
      },
    )
  }
  try {
    const roster = change()
    writeSync(descriptor, `${JSON.stringify(roster, undefined, 2)}\n`)
    fsyncSync(descriptor)
    renameSync(draft, file)
    return roster
  } catch (cause) {
    rmSync(draft, { force: true })
    throw cause
  } finally {
    closeSync(descriptor)
  }
}

export function rosterFile(folder: string): string {
  return join(folder, 'network.json')
}
