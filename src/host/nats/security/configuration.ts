/**
 * What a server of NATS is told: a whole configuration to begin with, which is the operator's from then on, and a list
 * of users, which is made anew with every change.
 */
import type { Role } from '../key-file.ts'
import { partitionsMax } from '../subjects.ts'
import { rightsOf } from './rights.ts'
import type { Roster } from './roster.ts'

export interface ServerWishes {
  /** `HOST:PORT` */
  readonly listen: string
  /** Where JetStream keeps its streams. */
  readonly store: string
  /** Paths of PEM files; with `ca`, whoever connects has to show a certificate of that authority. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | undefined } | undefined
}

/** `usersFile`: included, so that it can change without this. */
export function serverText(network: string, usersFile: string, { listen, store, tls }: ServerWishes): string {
  const lines = [
    `# A server of NATS for the network ${network}. convoke security wrote it once; it is yours to change.`,
    `listen: ${JSON.stringify(listen)}`,
    'max_payload: 1MB',
    'jetstream {',
    `  store_dir: ${JSON.stringify(store)}`,
    '  # From nats-server 2.10 on, so that what is acknowledged survives a power cut:',
    '  # sync_interval: always',
    '}',
    'authorization {',
    '  timeout: 5',
    `  include ${JSON.stringify(usersFile)}`,
    '}',
  ]
  if (tls === undefined) return text(lines)
  const { cert, key, ca } = tls
  lines.push(
    'tls {',
    '  timeout: 5',
    `  cert_file: ${JSON.stringify(cert)}`,
    `  key_file: ${JSON.stringify(key)}`,
  )
  if (ca !== undefined) lines.push(`  ca_file: ${JSON.stringify(ca)}`, '  verify: true')
  return text([...lines, '}'])
}

/** Who may say and hear what. It stands as well in `authorization` as in an account of its own. */
export function usersText({ network, identities }: Roster): string {
  const lines = [
    `# Who may say and hear what in the network ${network}. Made by convoke security, which writes it anew`,
    '# with every change; there is no secret in it.',
    'users: [',
  ]
  for (const { role, id, nkey } of sorted(identities)) {
    const { publish, subscribe } = rightsOf({ role, principal: id, network }, partitionsMax)
    lines.push(`  # ${role} ${id}`, `  { nkey: ${nkey}, permissions: {`)
    lines.push(
      `      publish: { allow: ${list(publish)} }`,
      `      subscribe: { allow: ${list(subscribe)} } } }`,
    )
  }
  return text([...lines, ']'])
}

const order: Readonly<Record<Role, number>> = { hub: 0, agent: 1, client: 2 }

function sorted(identities: Roster['identities']): Roster['identities'] {
  return [...identities].sort((a, b) => order[a.role] - order[b.role] || (a.id < b.id ? -1 : 1))
}

function list(subjects: readonly string[]): string {
  return `[ ${subjects.map((subject) => JSON.stringify(subject)).join(', ')} ]`
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
