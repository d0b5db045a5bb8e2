/**
 * The door: hostile frames against `decode`. Whatever comes out is a refusal with a code, or an envelope that can be
 * sent on and says the same.
 * Must never happen here: an exception that is expected.
 */
import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from '../../src/protocol/codec.ts'
import { defaultLimits } from '../../src/protocol/limits.ts'
import { isRefusal, refusalCodes } from '../../src/protocol/refusal.ts'
import { chanceOf } from './chance.ts'
import { corpus, hostileFrame } from './frames.ts'
import { attempt, countRefusal, isPolluted, lookAtMemory, type Replayable, type Tally } from './tally.ts'

/** Frames from one set of valid ones. */
const inputsOfASet = 20_000
const codes: ReadonlySet<string> = new Set(refusalCodes)
const messageLengthMax = 1_000

export function fuzzDoor(tally: Tally, seed: number, inputs: number, progress: (line: string) => void): void {
  for (let done = 0; done < inputs; done += inputsOfASet) {
    const valid = corpus(seed + done, 300)
    const chance = chanceOf(seed * 65_537 + done)
    for (let i = done; i < Math.min(inputs, done + inputsOfASet); i++) {
      const frame = hostileFrame(valid, chance)
      attempt(
        tally,
        () => replayable(frame),
        () => knock(tally, frame, i % 64 === 0),
      )
    }
    lookAtMemory(tally)
    if (isPolluted()) {
      tally.failures.push({
        what: 'a prototype has changed',
        input: replayable(`frames ${done} and following`),
      })
    }
    if (done % 100_000 === 0) progress(`${done} of ${inputs} frames`)
  }
}

/** `closely`: an envelope is also compared with what it is after one more journey. */
export function knock(tally: Tally, frame: string | Uint8Array, closely: boolean): void {
  const result = decode(frame, defaultLimits)
  if (!isRefusal(result)) {
    if (closely && !isDeepStrictEqual(decode(encode(result), defaultLimits), result)) {
      throw new Error('an envelope is another one after a journey')
    }
    return
  }
  countRefusal(tally, result.code)
  if (!codes.has(result.code)) throw new Error(`refused with the unknown code ${result.code}`)
  if (result.message.length > messageLengthMax || /\p{Cc}/u.test(result.message)) {
    throw new Error(`a message that cannot be printed: ${JSON.stringify(result.message.slice(0, 200))}`)
  }
}

function replayable(frame: string | Uint8Array): Replayable {
  const isText = typeof frame === 'string'
  // UTF-16 keeps half characters, which UTF-8 would not.
  const base64 = Buffer.from(isText ? Buffer.from(frame, 'utf16le') : frame).toString('base64')
  return { target: 'frame', base64, isText }
}

export function frameOf({ base64, isText }: Extract<Replayable, { target: 'frame' }>): string | Uint8Array {
  const bytes = Buffer.from(base64, 'base64')
  return isText ? bytes.toString('utf16le') : bytes
}
