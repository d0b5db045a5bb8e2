/**
 * What a project file says, beyond its shape: names that are names, levels that exist, dependencies that can be met.
 * Must never happen here: a check that the network makes as well and could make differently. It uses the same functions.
 */
import { checkId, quote, type SkillName } from '../../protocol/id.ts'
import { checkLimits } from '../../protocol/limits.ts'
import { isRefusal, type Refusal, type RefusalCode } from '../../protocol/refusal.ts'
import { checkLevel, defaultLevels, skillTwice } from '../../protocol/skill.ts'
import { didYouMean } from '../nearest.ts'
import type { Project } from './read.ts'
import type { AgentShape, TaskShape } from './shape.ts'

type Path = readonly PropertyKey[]

/** Throws the first `Problem`. */
export function checkMeaning(project: Project): void {
  const { shape } = project
  const levels = shape.levels ?? defaultLevels
  const no = refuser(project)
  if (levels.length === 0) throw project.problem(['levels'], 'E_RANGE', 'must not be empty')
  for (const [i, level] of levels.entries()) {
    no(['levels', i], checkId(level, ''))
    if (levels.indexOf(level) < i)
      throw project.problem(['levels', i], 'E_RANGE', `${quote(level)} is there twice`)
  }
  const limits = checkLimits(shape.limits ?? {})
  if (isRefusal(limits)) no(['limits', limits.field ?? ''], limits)
  for (const [i, agent] of shape.agents.entries()) checkAgent(project, levels, agent, ['agents', i])
  for (const [i, task] of shape.tasks.entries()) checkTask(project, levels, task, ['tasks', i])
  unique(project, 'agents', 'E_AGENT_ID_TAKEN')
  unique(project, 'tasks', 'E_TASK_CONFLICT')
  checkDependencies(project)
}

/** Throws a refusal of the protocol as a problem with a place in the file. */
function refuser({ problem }: Project): (path: Path, refusal: Refusal | undefined) => void {
  return (path, refusal) => {
    if (refusal === undefined) return
    // The subject of the sentence is the field; here it is the place in the file.
    const { code, message, field = '', hint } = refusal
    throw problem(path, code, message.startsWith(field) ? message.slice(field.length).trim() : message, hint)
  }
}

function checkAgent(project: Project, levels: readonly string[], agent: AgentShape, path: Path): void {
  const { problem } = project
  const no = refuser(project)
  const { command, module } = agent
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
  if (agent.id !== undefined) no([...path, 'id'], checkId(agent.id, ''))
  if (command !== undefined) {
    if (agent.id === undefined) throw problem([...path, 'id'], 'E_MISSING_FIELD', 'is missing')
    if (agent.skills === undefined) throw problem([...path, 'skills'], 'E_MISSING_FIELD', 'is missing')
  }
  for (const key of ['cwd', 'env', 'timeout'] as const) {
    if (module !== undefined && agent[key] !== undefined) {
      throw problem([...path, key], 'E_TYPE', 'is for agents with a command, this one has a module')
    }
  }
  checkSkills(project, levels, agent.skills ?? [], 'name', [...path, 'skills'])
}

function checkTask(project: Project, levels: readonly string[], task: TaskShape, path: Path): void {
  const no = refuser(project)
  no([...path, 'id'], checkId(task.id, ''))
  if (task.requires.length === 0) {
    throw project.problem([...path, 'requires'], 'E_NO_REQUIREMENTS', 'names no skill')
  }
  checkSkills(project, levels, task.requires, 'skill', [...path, 'requires'])
  checkSkills(project, levels, task.optional ?? [], 'skill', [...path, 'optional'])
  const all = [...task.requires, ...(task.optional ?? [])].map(({ skill }) => skill)
  no([...path, 'optional'], skillTwice(all as SkillName[], ''))
  if (task.verify !== undefined) {
    checkSkills(project, levels, [task.verify], 'skill', [...path, 'verify'])
  }
  for (const [i, agent] of (task.exclude ?? []).entries()) no([...path, 'exclude', i], checkId(agent, ''))
}

/** A list of things with a skill and perhaps a level. */
function checkSkills<Key extends 'name' | 'skill'>(
  project: Project,
  levels: readonly string[],
  entries: readonly ({ readonly [key in Key]: string } & { readonly level?: string | undefined })[],
  key: Key,
  path: Path,
): void {
  const no = refuser(project)
  for (const [i, entry] of entries.entries()) {
    no([...path, i, key], checkId(entry[key], ''))
    if (entry.level !== undefined) no([...path, i, 'level'], checkLevel(levels, entry.level, ''))
  }
  const names = entries.map((entry) => entry[key] as string as SkillName)
  const twice = names.findIndex((name, i) => names.indexOf(name) < i)
  no([...path, twice], skillTwice(names, ''))
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
  throw problem(
    ['tasks', at, 'dependsOn'],
    'E_DEPENDENCY_CYCLE',
    what,
    'Each waits for the other; none could begin.',
  )
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
