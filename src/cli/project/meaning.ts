/**
 * What a project file says, beyond its shape: names that are names, levels that exist, dependencies that can be met.
 * Must never happen here: a check of our own where the network has one. The network's is used, and its answer is given
 * a place in the file.
 */
import { checkAnnouncement } from '../../protocol/announce.ts'
import { checkId, quote, type TaskId } from '../../protocol/id.ts'
import { checkAgent as checkJoining } from '../../protocol/join.ts'
import { checkLimits, defaultLimits, type Limits } from '../../protocol/limits.ts'
import { didYouMean } from '../../protocol/nearest.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../../protocol/refusal.ts'
import { checkLevels, defaultLevels } from '../../protocol/skill.ts'
import type { Problem } from '../problem.ts'
import type { Project } from './read.ts'
import type { AgentShape, TaskShape } from './shape.ts'
import { filePath, skillSpec, taskSpec } from './specs.ts'

type Path = readonly PropertyKey[]

/** Throws the first `Problem`. */
export function checkMeaning(project: Project): void {
  const { shape } = project
  const levels = shape.levels ?? defaultLevels
  const wrong = checkId(shape.name ?? 'desk', 'name') ?? checkLevels(levels)
  if (wrong !== undefined) throw refused(project, [], wrong)
  for (const name of Object.keys(shape.limits ?? {})) {
    if (Object.hasOwn(defaultLimits, name)) continue
    const hint = didYouMean(name, Object.keys(defaultLimits), 'The limits are')
    throw project.problem(['limits', name], 'E_UNKNOWN_FIELD', 'is not a limit', hint)
  }
  const limits = checkLimits((shape.limits ?? {}) as Partial<Limits>)
  if (isRefusal(limits)) throw refused(project, ['limits'], limits)
  for (const [i, agent] of shape.agents.entries()) checkAgent(project, limits, levels, agent, ['agents', i])
  unique(project, 'agents', 'E_AGENT_ID_TAKEN')
  for (const [i, task] of shape.tasks.entries()) {
    const checked = checkAnnouncement(taskSpec(task), { id: task.id as TaskId, limits, levels })
    if (isRefusal(checked)) throw refused(project, ['tasks', i], checked)
  }
  unique(project, 'tasks', 'E_TASK_CONFLICT')
  checkDependencies(project)
}

/** A refusal of the network as a problem with a place in the file. */
function refused({ problem }: Project, path: Path, { code, message, field = '', hint }: Refusal): Problem {
  // The subject of the sentence is the field; here it is the place in the file.
  const what = message.startsWith(field) ? message.slice(field.length).trim() : `is wrong: ${message}`
  return problem([...path, ...filePath(field)], code, what, hint)
}

function checkAgent(
  project: Project,
  limits: Limits,
  levels: readonly string[],
  agent: AgentShape,
  path: Path,
): void {
  const { problem } = project
  const { id, skills, command, module, maxConcurrentTasks } = agent
  if (command !== undefined && module !== undefined) {
    throw problem([...path, 'module'], 'E_TYPE', 'and command exclude each other', 'Keep one of the two.')
  }
  if (command === undefined && module === undefined) {
    throw problem(
      [...path, 'command'],
      'E_MISSING_FIELD',
      'is missing',
      'An agent has a command or a module.',
    )
  }
  for (const key of ['cwd', 'env', 'timeout'] as const) {
    if (module === undefined || agent[key] === undefined) continue
    throw problem([...path, key], 'E_TYPE', 'is for agents with a command, this one has a module')
  }
  for (const key of ['id', 'skills'] as const) {
    if (module !== undefined || agent[key] !== undefined) continue
    throw problem([...path, key], 'E_MISSING_FIELD', 'is missing')
  }
  const given = {
    // What the file leaves to the module is checked when the module is loaded.
    id: id ?? 'module',
    skills: skills?.map(skillSpec) ?? [{ name: 'module' }],
    ...(maxConcurrentTasks === undefined ? {} : { capacity: maxConcurrentTasks }),
  }
  const checked = checkJoining(given, limits, levels)
  if (isRefusal(checked)) throw refused(project, path, checked)
}

function unique({ shape, problem }: Project, room: 'agents' | 'tasks', code: RefusalCode): void {
  const ids = shape[room].map(({ id }) => id)
  for (const [i, id] of ids.entries()) {
    const first = ids.indexOf(id)
    if (id === undefined || first === i) continue
    throw problem([room, i, 'id'], code, `${quote(id)} is already the id of ${room}[${first}]`)
  }
}

function checkDependencies({ shape, problem }: Project): void {
  const ids = shape.tasks.map(({ id }) => id)
  for (const [i, task] of shape.tasks.entries()) {
    for (const [j, dependency] of (task.dependsOn ?? []).entries()) {
      if (ids.includes(dependency)) continue
      const hint = didYouMean(dependency, ids, 'The tasks of this project are')
      const what = `${quote(dependency)} is not a task of this project`
      throw problem(['tasks', i, 'dependsOn', j], 'E_NO_SUCH_TASK', what, hint)
    }
  }
  const cycle = cycleIn(new Map(shape.tasks.map(({ id, dependsOn }) => [id, dependsOn ?? []])))
  if (cycle === undefined) return
  const at = ids.indexOf(cycle[0] ?? '')
  const what = `closes a circle: ${cycle.join('->')}`
  const hint = 'Each waits for the other; none could begin.'
  throw problem(['tasks', at, 'dependsOn'], 'E_DEPENDENCY_CYCLE', what, hint)
}

/** The first cycle, its first id repeated at its end. Depth-first with an explicit path; every task is left once. */
export function cycleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const left = new Set<string>()
  for (const root of graph.keys()) {
    const path: { id: string; next: number }[] = left.has(root) ? [] : [{ id: root, next: 0 }]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = graph.get(top.id)?.[top.next++]
      if (child === undefined) {
        left.add(top.id)
        path.pop()
        continue
      }
      const from = path.findIndex(({ id }) => id === child)
      if (from >= 0) return [...path.slice(from).map(({ id }) => id), child]
      if (!left.has(child)) path.push({ id: child, next: 0 })
    }
  }
  return undefined
}

/** The tasks with every task after those that it depends on, otherwise in the order of the file. */
export function inOrder(tasks: readonly TaskShape[]): readonly TaskShape[] {
  const done = new Set<string>()
  const ordered: TaskShape[] = []
  while (ordered.length < tasks.length) {
    for (const task of tasks) {
      if (done.has(task.id) || !(task.dependsOn ?? []).every((id) => done.has(id))) continue
      done.add(task.id)
      ordered.push(task)
    }
  }
  return ordered
}
