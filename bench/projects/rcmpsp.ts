/**
 * Reads MPLIB1 (.txt): several projects at once, each announced by an initiator of its own, that share workers of a few
 * kinds. An activity needs many of each kind together, so its group is large.
 * Source of the format: R. Van Eynde, M. Vanhoucke, European Journal of Operational Research 2020.
 */
import { readFileSync } from 'node:fs'
import { bestKnown, filesBelow } from './files.ts'
import type { Activity, Project, Worker } from './project.ts'

/** All instances of a folder, against the best known makespan of all their projects together. */
export function readRcmpsp(folder: string): Project[] {
  const known = bestKnown(folder, 'best_known_makespan')
  return filesBelow(folder, '.txt').flatMap(({ name, path }) => {
    const reference = known.get(`${name}.txt`)
    if (reference === undefined) return []
    return [{ name, set: 'set3', levels: ['able'], reference, ...parse(readFileSync(path, 'utf8'), name) }]
  })
}

function parse(text: string, name: string): Pick<Project, 'activities' | 'workers'> {
  const words = text.split(/\s+/).filter((word) => word !== '')
  let place = 0
  const word = (): string => {
    const next = words[place++]
    if (next === undefined) throw new Error(`${name} ends too soon`)
    return next
  }
  const number = (): number => Number(word())
  const numbers = (count: number): number[] => Array.from({ length: count }, number)
  const projects = number()
  const kinds = number()
  const workers = numbers(kinds).flatMap((capacity, kind) => workersOf(kind, capacity))
  const activities: Activity[] = []
  for (let p = 1; p <= projects; p++) {
    const count = number()
    const release = number()
    if (release !== 0) throw new Error(`${name}: project ${p} is released at ${release}; only 0 is read`)
    numbers(kinds)
    const before = new Map<string, string[]>()
    for (let a = 1; a <= count; a++) {
      const duration = number()
      const asked = numbers(kinds)
      const id = `${p}-${a}`
      for (const behind of Array.from({ length: number() }, word)) {
        const key = behind.replace(':', '-')
        before.set(key, [...(before.get(key) ?? []), id])
      }
      const needs = asked
        .map((need, kind) => ({ skill: skillOf(kind), rank: 0, count: need }))
        .filter((need) => need.count > 0)
      activities.push({ id, initiator: `p${p}`, duration, needs, after: before.get(id) ?? [] })
    }
  }
  return { activities, workers }
}

function workersOf(kind: number, count: number): Worker[] {
  return Array.from({ length: count }, (_, i) => {
    return { id: `w${kind + 1}-${i + 1}`, skills: [{ skill: skillOf(kind), rank: 0 }] }
  })
}

function skillOf(kind: number): string {
  return `kind-${kind + 1}`
}
