/**
 * What the string `nats://…` says: the servers, and the name of the network on them. One server can hold many networks.
 */
import { checkId, quote } from '../../protocol/id.ts'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusal.ts'

export interface NatsPlace {
  /** As the client wants them: `nats://host:port`, the password taken out. */
  readonly servers: readonly string[]
  readonly secure: boolean
  readonly user: string | undefined
  readonly password: string | undefined
  /** Begins every subject and every stream of this network. */
  readonly network: string
  /** The whole, without the password, for whoever reads a message. */
  readonly shown: string
}

const form = 'nats://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…][/NETWORK]'
const hint = `Write ${form}, or tls:// where the servers speak TLS.`
const networkByDefault = 'main'
const portByDefault = 4222
const schemes = /^(nats|tls):\/\//

/** Whether a place is meant to be on NATS; whether it is well written is for `readPlace` to say. */
export function isNatsPlace(where: string): boolean {
  return schemes.test(where)
}

/** Errors: E_RANGE for what is no such address, E_BAD_ID for the name of the network. */
export function readPlace(where: string): NatsPlace | Refusal {
  const wrong = (what: string): Refusal =>
    refuse('E_RANGE', `${quote(where)} ${what}`, { field: 'where', hint })
  const [, scheme = '', rest = ''] = /^(nats|tls):\/\/(.*)$/s.exec(where) ?? []
  const [hosts = '', network = networkByDefault, ...more] = rest.split('/')
  if (more.length > 0) return wrong('has a path of several parts')
  const name = network === '' ? networkByDefault : network
  const badName = checkId(name, 'where')
  if (badName !== undefined) return badName
  const at = hosts.lastIndexOf('@')
  const login = at < 0 ? undefined : readLogin(hosts.slice(0, at))
  if (at >= 0 && login === undefined) return wrong('has a user and a password that cannot be read')
  const servers: string[] = []
  for (const host of hosts.slice(at + 1).split(',')) {
    const server = readHost(scheme, host.trim())
    if (server === undefined) return wrong('names a host that cannot be one')
    servers.push(server)
  }
  const shown = `${servers.map((server) => server.slice(scheme.length + 3)).join(',')}/${name}`
  return {
    servers,
    secure: scheme === 'tls',
    user: login?.user,
    password: login?.password,
    network: name,
    shown: `${scheme}://${shown}`,
  }
}

/** The name of the network in an address; undefined where that is for `readPlace` to complain about. */
export function networkOf(where: string): string | undefined {
  const place = readPlace(where)
  return isRefusal(place) ? undefined : place.network
}

function readLogin(text: string): { user: string; password: string | undefined } | undefined {
  const colon = text.indexOf(':')
  try {
    const user = decodeURIComponent(colon < 0 ? text : text.slice(0, colon))
    return { user, password: colon < 0 ? undefined : decodeURIComponent(text.slice(colon + 1)) }
  } catch {
    return undefined
  }
}

function readHost(scheme: string, host: string): string | undefined {
  if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/.test(host)) return undefined
  const [, name = '', port = `${portByDefault}`] = /^(.*?)(?::(\d+))?$/.exec(host) ?? []
  return Number(port) > 0 && Number(port) < 65_536 ? `${scheme}://${name}:${port}` : undefined
}
