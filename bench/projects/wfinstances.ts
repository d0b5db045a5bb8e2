/**
 * Reads WfInstances (WfFormat 1.5, .json): tasks of real scientific workflows with the time that each took. Any of
 * eight equal agents may do any of them.
 * Source of the format: T. Coleman and others, WfCommons, Future Generation Computer Systems 2022.
 */
import { readFileSync } from 'node:fs'
import { lowerBound } from './bound.ts'
import { filesBelow } from './files.ts'
import type { Activity, Project } from './project.ts'

const agents = 8
/** Seconds are cut into so many parts, rounded up: the shortest tasks take some hundredths of one. */
const partsOfSecond = 32

const levels = ['any']
const need = { skill: 'work', rank: 0, count: 1 }

interface Task {
  readonly id: string
  readonly parents: readonly string[]
}

interface Workflow {
  readonly workflow: {
    readonly specification: { readonly tasks: readonly Task[] }
    readonly execution: {
      readonly tasks: readonly { readonly id: string; readonly runtimeInSeconds: number }[]
    }
  }
}

/**
 * All workflows of a folder, against what no schedule can beat: the longest way through them, and all their work in
 * equal shares.
 */
export function readWfinstances(folder: string): Project[] {
  return filesBelow(folder, '.json').map(({ name, path }) => {
    const { specification, execution } = (JSON.parse(readFileSync(path, 'utf8')) as Workflow).workflow
    const seconds = new Map(execution.tasks.map(({ id, runtimeInSeconds }) => [id, runtimeInSeconds]))
    const tasks = inOrder(specification.tasks)
    const numbers = new Map(tasks.map(({ id }, i) => [id, `t${i + 1}`]))
    const activities = tasks.map(({ id, parents }, i): Activity => {
      const duration = Math.ceil((seconds.get(id) ?? 0) * partsOfSecond) / partsOfSecond
      return {
        id: `t${i + 1}`,
        duration,
        needs: duration > 0 ? [need] : [],
        after: parents.flatMap((parent) => numbers.get(parent) ?? []),
      }
    })
    const workers = Array.from({ length: agents }, (_, i) => ({ id: `a${i + 1}`, skills: [need] }))
    return { name, set: 'workflows', levels, activities, workers, reference: lowerBound(activities, workers) }
  })
}

/** Each task after those that it waits for. */
function inOrder(tasks: readonly Task[]): readonly Task[] {
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const placed = new Set<Task>()
  const place = (task: Task): void => {
    if (placed.has(task)) return
    for (const parent of task.parents) {
      const before = byId.get(parent)
      if (before !== undefined) place(before)
    }
    placed.add(task)
  }
  for (const task of tasks) place(task)
  return [...placed]
}
