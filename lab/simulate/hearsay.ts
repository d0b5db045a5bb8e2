/**
 * Who has said what: a fact that rests on the word of an agent must rest on the word of that very life, in that epoch.
 * Must never happen here: the word of a life that nobody had.
 */
import type { Fact } from '../../src/protocol/fact.ts'
import type { Envelope } from '../../src/protocol/message.ts'
import type { Complain, Entry } from './ledger.ts'

export class Hearsay {
  readonly #said = new Set<string>()
  readonly #complain: Complain

  constructor(complain: Complain) {
    this.#complain = complain
  }

  /** Takes the word of a node, true or not, in its own name. */
  hear({ from, message }: Envelope): void {
    const who = `${from.id} ${from.incarnation}`
    switch (message.kind) {
      case 'GROUP_ACCEPT':
        this.#said.add(`${who} accepts ${message.invite}`)
        return
      case 'TASK_COMPLETE':
        this.#said.add(
          `${who} has done ${message.task} ${message.epoch}: ${message.results[0]?.result ?? 'null'}`,
        )
        return
      case 'TASK_UPDATE':
        if (message.update.kind === 'checkpoint')
          this.#said.add(`${who} saves ${message.task} ${message.epoch}: ${message.update.data}`)
        return
      default:
        return
    }
  }

  /** A member is told that its promise was taken up. */
  checkInvite(to: Envelope['to'], invite: string): void {
    const word = `${to.id} ${to.incarnation} accepts ${invite}`
    if (!this.#said.has(word)) this.#complain('SIM-13', `nobody has heard that ${word}`)
  }

  /** `entry` is the task of the fact, before the fact. */
  checkFact(entry: Entry, fact: Fact): void {
    if (fact.kind !== 'member.finished' && fact.kind !== 'checkpoint.saved') return
    const agent = fact.kind === 'member.finished' ? fact.agent : fact.checkpoint.agent
    const who = `${agent} ${entry.parts.get(agent)?.member.incarnation}`
    const word =
      fact.kind === 'member.finished'
        ? `${who} has done ${fact.task} ${fact.epoch}: ${fact.result}`
        : `${who} saves ${fact.task} ${fact.checkpoint.epoch}: ${fact.checkpoint.data}`
    if (!this.#said.has(word)) this.#complain('SIM-12', `nobody has heard that ${word}`)
  }
}
