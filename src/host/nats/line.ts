/**
 * One connection to NATS: opened once, reconnected for ever, and honest about its state.
 * Must never happen here: an exception that reaches the client's reader. It would freeze the connection without a word.
 */
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import {
  type Authenticator,
  AuthorizationError,
  connect,
  credsAuthenticator,
  type Msg,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  PermissionViolationError,
  type Status,
  type Subscription,
  TimeoutError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node'
import type { NodeId } from '../../protocol/id.ts'
import { Fault } from '../fault.ts'
import { readKeyFile } from './key-file.ts'
import type { Notice, Tell } from './notice.ts'
import type { NatsPlace } from './place.ts'
import { inboxOf, principalOf } from './subjects.ts'

export interface LineOptions {
  /** Of the program; shown in the server's list of connections. */
  readonly name: NodeId
  /** A key that `convoke security` has made, NATS credentials (`.creds`), or the seed of an nkey. */
  readonly credentials: string | undefined
  readonly tls: TlsFiles | undefined
  readonly tell: Tell
}

/** Paths of PEM files: whom to trust, and how to present oneself. */
export interface TlsFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** How long a server has to answer, at the opening and for every request. */
export const answerMs = 5_000
const reconnectWaitMs = 250
/** A connection that says nothing for two of these is taken for dead. The client's default is two minutes. */
const pingMs = 5_000
const leastVersion = [2, 9, 0] as const
/** From this version on a server can be told to sync before it acknowledges. */
const syncingVersion = [2, 10, 0] as const

export class Line {
  readonly nats: NatsConnection
  readonly #place: NatsPlace
  readonly #tell: Tell
  readonly #back = new Set<() => void>()
  #up = true
  #closing = false
  /** Whether it was told that an answer is waited for. */
  #waits = false
  /** Rejects when the line that is up now is gone. */
  #gone = goneSignal()

  private constructor(nats: NatsConnection, place: NatsPlace, tell: Tell) {
    this.nats = nats
    this.#place = place
    this.#tell = tell
    void this.#attend()
  }

  /**
   * Errors: E_UNREACHABLE when no server answers, E_FORBIDDEN when none lets us in, E_FILE for credentials that cannot
   * be read, E_STORE_VERSION for a server that is too old.
   */
  static async open(place: NatsPlace, options: LineOptions): Promise<Line> {
    const settings = settingsOf(place, options)
    let nats: NatsConnection
    try {
      nats = await connect(settings)
    } catch (cause) {
      throw unreachable(place, options, cause)
    }
    const line = new Line(nats, place, options.tell)
    if (line.isAtLeast(leastVersion)) return line
    // A connection that is closed knows its server no more.
    const { version } = line
    await line.close()
    throw new Fault('E_STORE_VERSION', `the NATS server at ${place.shown} is version ${version}`, {
      hint: `Use nats-server ${leastVersion.join('.')} or newer.`,
    })
  }

  get version(): string {
    return this.nats.info?.version ?? 'unknown'
  }

  get shown(): string {
    return this.#place.shown
  }

  /** Whether what is acknowledged can be made to survive a power cut by the server's own configuration. */
  canSync(): boolean {
    return this.isAtLeast(syncingVersion)
  }

  isAtLeast(least: readonly number[]): boolean {
    const parts = this.version.split(/[.-]/).map(Number)
    const differs = least.findIndex((part, i) => parts[i] !== part)
    return differs < 0 || (parts[differs] ?? 0) > (least[differs] ?? 0)
  }

  /** Bytes that one message of this connection may have, headers included. */
  get payloadBytesMax(): number {
    return this.nats.info?.max_payload ?? 1_048_576
  }

  /** False where the server itself says so. One server of a cluster may have none while others have. */
  mayHaveJetStream(): boolean {
    const { jetstream, cluster } = this.nats.info ?? {}
    return jetstream === true || cluster !== undefined
  }

  /** What is published while this is false is lost, whatever the client accepts. */
  isUp(): boolean {
    return this.#up
  }

  /** The answer to a request, or a rejection as soon as the line is gone on which it would have come. */
  async during<Answer>(request: Promise<Answer>): Promise<Answer> {
    request.catch(() => {})
    return Promise.race([request, this.#gone.promise])
  }

  /** Somebody waits for an answer: told once for all who wait, until something is answered again. */
  waits(text: string): void {
    if (this.#waits) return
    this.#waits = true
    this.#tell({ code: 'waiting', text })
  }

  goesOn(): void {
    this.#waits = false
  }

  /** Calls `back` after every reconnect, until the function that is returned is called. */
  onBack(back: () => void): () => void {
    this.#back.add(back)
    return () => this.#back.delete(back)
  }

  /** Hears a subject. Whatever `hear` throws is told and ends nothing. */
  subscribe(subject: string, hear: (message: Msg) => void): Subscription {
    return this.nats.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) {
          // What is not allowed is told once, by the connection.
          if (!(error instanceof PermissionViolationError)) {
            this.#tell({ code: 'server-error', text: `${subject}: ${error.message}` })
          }
          return
        }
        this.safely(subject, () => hear(message))
      },
    })
  }

  /** Sends, or says that it could not. True is no promise: a connection may be dead and not know it yet. */
  publish(
    subject: string,
    data: Uint8Array | string,
    options?: Parameters<NatsConnection['publish']>[2],
  ): boolean {
    if (!this.#up || this.#closing) return false
    try {
      this.nats.publish(subject, data, options)
      return true
    } catch (cause) {
      this.#tell({ code: 'message-dropped', text: `${subject}: ${textOf(cause)}` })
      return false
    }
  }

  async close(): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    // What was said last, such as a farewell, is still let out; a connection that is gone is not waited for.
    if (this.#up) await Promise.race([this.nats.flush().catch(() => {}), pause(1_000)])
    await this.nats.close()
  }

  async #attend(): Promise<void> {
    for await (const status of this.nats.status()) this.safely('status', () => this.#heed(status))
  }

  #heed(status: Status): void {
    switch (status.type) {
      case 'disconnect':
        if (this.#up && !this.#closing) {
          this.#tell({ code: 'disconnected', text: `the connection to ${status.server} is gone` })
        }
        this.#up = false
        this.#gone.reject(new Error('the connection is gone'))
        return
      case 'reconnect':
        this.#up = true
        this.#gone = goneSignal()
        this.#tell({ code: 'reconnected', text: `connected to ${status.server}` })
        for (const back of [...this.#back]) this.safely('reconnect', back)
        return
      case 'error':
        this.#tell(noticeOf(status.error))
        return
      case 'slowConsumer':
        this.#tell({ code: 'server-error', text: `${status.pending} messages wait to be read` })
        return
      default:
        return
    }
  }

  /** Acts; what that throws is told and ends nothing. */
  safely(what: string, act: () => void): void {
    try {
      act()
    } catch (cause) {
      this.#tell({ code: 'server-error', text: `${what}: ${textOf(cause)}` })
    }
  }
}

function goneSignal(): PromiseWithResolvers<never> {
  const signal = Promise.withResolvers<never>()
  // Who waits for nothing is told nothing.
  signal.promise.catch(() => {})
  return signal
}

/** Resolves after a span, and keeps no process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}

export function textOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.split('\n', 1)[0] ?? ''
}

function settingsOf(place: NatsPlace, { name, credentials, tls }: LineOptions): NodeConnectionOptions {
  return {
    servers: [...place.servers],
    name: `convoke ${name}`,
    inboxPrefix: inboxOf(place.network, principalOf(name)),
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectWaitMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    timeout: answerMs,
    ...(place.user === undefined ? {} : { user: place.user }),
    ...(place.password === undefined ? {} : { pass: place.password }),
    ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials) }),
    ...(tls === undefined && !place.secure ? {} : { tls: tlsOf(place, tls) }),
  }
}

type Tls = NonNullable<NodeConnectionOptions['tls']>

function tlsOf({ servers }: NatsPlace, { ca, cert, key }: TlsFiles = {}): Tls {
  const hosts = servers.map((server) => new URL(server).hostname.replace(/^\[|\]$/g, ''))
  const settings: Tls & Pick<ConnectionOptions, 'checkServerIdentity'> = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
    // Of a server whose address is a number the client tells Node.js no name, and "localhost" would do for all of them.
    checkServerIdentity: (host, certificate) => {
      const wrong = (hosts.includes(host) ? [host] : hosts).map((name) =>
        checkServerIdentity(name, certificate),
      )
      return wrong.includes(undefined) ? undefined : wrong[0]
    },
  }
  return settings
}

function authenticatorOf(file: string): Authenticator {
  const { kind, secret } = readKeyFile(file)
  return kind === 'seed' ? nkeyAuthenticator(secret) : credsAuthenticator(secret)
}

function noticeOf(error: Error): Notice {
  if (!(error instanceof PermissionViolationError)) return { code: 'server-error', text: error.message }
  const { operation, subject } = error
  const what = operation === 'publish' ? 'say anything on' : 'hear'
  return { code: 'forbidden', text: `these credentials do not allow to ${what} ${subject}` }
}

/** Whether the server knows us, and says no. */
export function isForbidden(cause: unknown): boolean {
  return noIn(cause) !== undefined
}

/** The refusal of a server, as a fault. */
export function forbidden(shown: string, cause: unknown): Fault {
  const no = noIn(cause)
  if (no instanceof PermissionViolationError) {
    return new Fault('E_FORBIDDEN', `NATS at ${shown} refuses: ${noticeOf(no).text}`, {
      hint: 'An agent does not read the log, and only a hub writes it: use the credentials of a client, or of a hub.',
      cause,
    })
  }
  return new Fault('E_FORBIDDEN', `NATS at ${shown} does not let us in: ${textOf(no)}`, {
    hint: 'Hand in credentials that this server knows: --credentials FILE, or credentials in a program.',
    cause,
  })
}

/** The client wraps it in errors of its own. */
function noIn(cause: unknown): Error | undefined {
  for (let at = cause; at instanceof Error; at = at.cause) {
    const isNo =
      at instanceof AuthorizationError ||
      at instanceof UserAuthenticationExpiredError ||
      at instanceof PermissionViolationError
    if (isNo) return at
  }
  return undefined
}

function unreachable({ shown, secure }: NatsPlace, { tls }: LineOptions, cause: unknown): Fault {
  if (isForbidden(cause)) return forbidden(shown, cause)
  // A server that misses a certificate says nothing more.
  const silent = (secure || tls !== undefined) && tls?.cert === undefined && cause instanceof TimeoutError
  return new Fault('E_UNREACHABLE', `NATS at ${shown} cannot be reached: ${textOf(cause)}`, {
    hint:
      (silent ? present : tlsHint(cause)) ??
      'Start nats-server with JetStream (nats-server -js), or correct the address.',
    cause,
  })
}

const present =
  'The server may ask for a certificate that it trusts: --cert FILE --key FILE, or tls in a program.'

/** What to do where the way to the server is not trusted, by the codes of OpenSSL and of Node.js. */
function tlsHint(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (/UNABLE_TO|SELF_SIGNED|UNTRUSTED/.test(code)) {
    return 'Name the authority that signed the certificate of the server: --ca FILE, or tls.ca in a program.'
  }
  if (code === 'CERT_HAS_EXPIRED') return 'Give the server a certificate that is still valid.'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'Use a name that is in the certificate of the server, or give it one for this name.'
  }
  if (/^ERR_SSL_/.test(code)) return present
  return /support 'tls'/.test(textOf(cause))
    ? 'Configure TLS in the server, or write nats:// where nobody can listen.'
    : undefined
}
