/**
 * What an operator should know of a network on NATS and what no caller waits for: the line is gone, the line is back, a
 * promise is weaker here. Told through one function that is handed in.
 * Must never happen here: a secret in a text.
 */

export type NoticeCode =
  /** The connection is gone; it is tried again until it is back. */
  | 'disconnected'
  | 'reconnected'
  /** The servers do not answer what they are asked, and are asked again. */
  | 'waiting'
  /** A server said something that the client does not expect. */
  | 'server-error'
  /** The server does not allow something to these credentials. */
  | 'forbidden'
  /** What is acknowledged here need not survive a power cut, or is kept on one server alone. */
  | 'durability'
  /** A message was too large to be sent, or could not be understood. */
  | 'message-dropped'
  /** Another life of a node took its place. */
  | 'replaced'
  /** A hub of this process waits, decides, or stepped down. */
  | 'hub'

export interface Notice {
  readonly code: NoticeCode
  /** One sentence without a full stop. */
  readonly text: string
}

export type Tell = (notice: Notice) => void
