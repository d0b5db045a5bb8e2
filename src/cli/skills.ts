/**
 * Skills as they are written on a command line: `NAME[:LEVEL]`, for a task also `NAME[:LEVEL[:COUNT]]`, with commas
 * between them.
 */
import { isId, quote } from '../protocol/id.ts'
import { usage } from './problem.ts'

export interface SkillWord {
  readonly name: string
  readonly level?: string
  readonly count?: number
}

/** Throws a `Problem` with E_USAGE. Which levels there are is for the network to say. */
export function skillWords(text: string, option: string, parts: 2 | 3): SkillWord[] {
  return text.split(',').map((word) => {
    const [name = '', level = '', count, ...more] = word.trim().split(':')
    const hint = parts === 2 ? 'NAME[:LEVEL],NAME[:LEVEL]' : 'NAME[:LEVEL[:COUNT]],…'
    const tooMany = more.length > 0 || (parts === 2 && count !== undefined)
    if (!isId(name) || tooMany || (count !== undefined && !/^\d{1,4}$/.test(count))) {
      throw usage(`the skill ${quote(word.trim())} cannot be read`, `Write --${option} ${hint}.`)
    }
    return {
      name,
      ...(level === '' ? {} : { level }),
      ...(count === undefined ? {} : { count: Number(count) }),
    }
  })
}
