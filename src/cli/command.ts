/**
 * What a command of `convoke` is: a name, what it takes, examples, and what it does. One file a command.
 */
import type { ExitCode } from './problem.ts'
import type { Terminal } from './terminal.ts'

export interface OptionSpec {
  /** What to put for its value in the help, such as `FILE`; absent for a switch. */
  readonly value?: string
  readonly help: string
}

export interface Command {
  readonly name: string
  /** One line, without a full stop. */
  readonly summary: string
  /** Names of the words it takes, all of them needed, such as `PROJECT.yaml`. */
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, OptionSpec>>
  /** A command line, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** What else there is to know, in paragraphs. */
  readonly notes?: readonly string[]
  run(call: CommandCall): Promise<ExitCode>
}

/** A command line, understood, with everything that a command may use of the outside. */
export interface CommandCall {
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, string | true>>
  readonly json: boolean
  readonly terminal: Terminal
  /** The only way in which the environment reaches a command. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by the first Ctrl-C, or when the process is asked to end. */
  readonly interrupted: AbortSignal
}

/** Options that every command has. */
export const optionsOfAll: Readonly<Record<string, OptionSpec>> = {
  json: { help: 'print JSON on standard output, and nothing else there' },
  debug: { help: 'show where an error comes from' },
  help: { help: 'show this help' },
}

/** Where a network is, and how to be let in where it is on NATS. */
export const networkOptions: Readonly<Record<string, OptionSpec>> = {
  network: {
    value: 'PLACE',
    help: 'the file of the network, or nats://HOST[:PORT][/NAME]; else $CONVOKE_NETWORK',
  },
  credentials: {
    value: 'FILE',
    help: 'on NATS: a key of convoke security, credentials (.creds), or the seed of an nkey; else $CONVOKE_CREDENTIALS',
  },
  ca: { value: 'FILE', help: 'on NATS: whom to trust, in PEM; else $CONVOKE_CA' },
  cert: { value: 'FILE', help: 'on NATS: the certificate to present, in PEM; else $CONVOKE_CERT' },
  key: { value: 'FILE', help: 'on NATS: the key of the certificate, in PEM; else $CONVOKE_KEY' },
}
