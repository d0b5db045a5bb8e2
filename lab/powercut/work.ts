/**
 * What a writer does to its journal until the power goes: a plan that follows from a seed alone, so that the same
 * operation of the disk can be hit again.
 * Must never happen here: a fact that two lives of a file would write alike; old bytes must not pass for new ones.
 */
import type { Fact, TaskId } from '../../src/protocol/index.ts'
import { seeded } from '../../src/strategy/random.ts'
import { accepted, ended, finished, formed } from '../conformance/facts.ts'

export type Step =
  | { readonly kind: 'append'; readonly facts: readonly Fact[] }
  | { readonly kind: 'mark' | 'checkpoint' | 'snapshot' | 'reopen' }

/** `life` counts the processes that have written the file. */
export function* steps(seed: number, life: number, count: number): Generator<Step> {
  const random = seeded(seed * 1_009 + life)
  for (let i = 0; i < count; i++) {
    const dice = random()
    if (dice < 0.8) yield { kind: 'append', facts: batch(`s${seed}-l${life}-b${i}`, random) }
    else if (dice < 0.87) yield { kind: 'mark' }
    else if (dice < 0.93) yield { kind: 'checkpoint' }
    else yield { kind: dice < 0.97 ? 'snapshot' : 'reopen' }
  }
}

/** One to twelve facts; one batch in ten fills many pages. */
function batch(name: string, random: () => number): readonly Fact[] {
  const facts: Fact[] = []
  const lives = 1 + Math.floor(3 * random())
  const length = random() < 0.1 ? 4_000 + Math.floor(40_000 * random()) : Math.floor(300 * random())
  const filling = Array.from({ length }, () => Math.floor(36 * random()).toString(36)).join('')
  for (let i = 0; i < lives; i++) {
    const id = `${name}-${i}`
    facts.push(...[accepted(id), formed(id)])
    // Some stay open, so that a snapshot has something to say.
    if (random() < 0.7) facts.push(finished(id, 1, JSON.stringify({ filling })), ended(id))
  }
  return facts
}

/** What a snapshot of the facts so far says: the tasks that are open. */
export function snapshotOf(facts: readonly Fact[]): readonly Fact[] {
  const over = new Set<TaskId | undefined>(facts.filter(({ kind }) => kind === 'task.ended').map(taskOf))
  return facts.filter((fact) => !over.has(taskOf(fact)))
}

function taskOf(fact: Fact): TaskId | undefined {
  return 'task' in fact ? fact.task : undefined
}
