/**
 * One connection to NATS: opened once, reconnected for ever, and honest about its state.
 * Must never happen here: an exception that reaches the client's reader. It would freeze the connection without a word.
 */
import { readFileSync } from 'node:fs'
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type Msg,
  type NatsConnection,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  type Status,
  type Subscription,
} from '@nats-io/transport-node'
import { Fault } from '../fault.ts'
import type { Tell } from './notice.ts'
import type { NatsPlace } from './place.ts'

export interface LineOptions {
  /** Shown in the server's list of connections. */
  readonly name: string
  /** A file with NATS credentials (`.creds`) or with the seed of an nkey. */
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
  /** Rejects when the line that is up now is gone. */
  #gone = goneSignal()

  private constructor(nats: NatsConnection, place: NatsPlace, tell: Tell) {
    this.nats = nats
    this.#place = place
    this.#tell = tell
    void this.#attend()
  }

  /**
   * Errors: E_UNREACHABLE when no server answers or none lets us in, E_FILE for credentials that cannot be read,
   * E_STORE_VERSION for a server that is too old.
   */
  static async open(place: NatsPlace, options: LineOptions): Promise<Line> {
    const settings = settingsOf(place, options)
    let nats: NatsConnection
    try {
      nats = await connect(settings)
    } catch (cause) {
      throw unreachable(place, cause)
    }
    const line = new Line(nats, place, options.tell)
    if (line.isAtLeast(leastVersion)) return line
    await line.close()
    throw new Fault('E_STORE_VERSION', `the NATS server at ${place.shown} is version ${line.version}`, {
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
          this.#tell({ code: 'server-error', text: `${subject}: ${error.message}` })
          return
        }
        this.#safely(subject, () => hear(message))
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
    for await (const status of this.nats.status()) this.#safely('status', () => this.#heed(status))
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
        for (const back of [...this.#back]) this.#safely('reconnect', back)
        return
      case 'error':
        this.#tell({ code: 'server-error', text: status.error.message })
        return
      case 'slowConsumer':
        this.#tell({ code: 'server-error', text: `${status.pending} messages wait to be read` })
        return
      default:
        return
    }
  }

  #safely(what: string, act: () => void): void {
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
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectWaitMs,
    pingInterval: pingMs,
    maxPingOut: 2,
    timeout: answerMs,
    ...(place.user === undefined ? {} : { user: place.user }),
    ...(place.password === undefined ? {} : { pass: place.password }),
    ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials) }),
    ...(tls === undefined && !place.secure ? {} : { tls: tlsOf(tls) }),
  }
}

function tlsOf({ ca, cert, key }: TlsFiles = {}): NonNullable<NodeConnectionOptions['tls']> {
  return {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  }
}

function authenticatorOf(file: string): Authenticator {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new Fault('E_FILE', `the credentials "${file}" cannot be read: ${textOf(cause)}`, {
      hint: 'Name a file with NATS credentials (.creds), or with the seed of an nkey.',
      cause,
    })
  }
  const text = new TextDecoder().decode(bytes)
  const seed = /^\s*(SU[A-Z2-7]{56})\s*$/.exec(text)?.[1]
  if (seed !== undefined) return nkeyAuthenticator(new TextEncoder().encode(seed))
  if (text.includes('BEGIN NATS USER JWT')) return credsAuthenticator(bytes)
  throw new Fault('E_FILE', `the file "${file}" holds neither NATS credentials nor the seed of an nkey`, {
    hint: 'A seed is one line that begins with SU.',
  })
}

function unreachable(place: NatsPlace, cause: unknown): Fault {
  const refused =
    cause instanceof Error && /auth|permission|credential/i.test(`${cause.name} ${cause.message}`)
  return new Fault('E_UNREACHABLE', `NATS at ${place.shown} cannot be reached: ${textOf(cause)}`, {
    hint: refused
      ? 'Hand in credentials that this server knows.'
      : 'Start nats-server with JetStream (nats-server -js), or correct the address.',
    cause,
  })
}
