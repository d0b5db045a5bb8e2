/**
 * The agents of a project: programs become agents, modules are loaded. Everything that can be missing is missed here.
 * Must never happen here: a run that waits for an agent which cannot come.
 */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { AgentDefinition } from '../../index.ts'
import { checkId, quote } from '../../protocol/id.ts'
import { defaultLimits } from '../../protocol/limits.ts'
import { didYouMean } from '../../protocol/nearest.ts'
import { defaultLevels, rankOf } from '../../protocol/skill.ts'
import { form } from '../../strategy/form.ts'
import { commandAgent } from '../../workforce/index.ts'
import { printable } from '../terminal.ts'
import { findProgram } from '../which.ts'
import type { Project } from './read.ts'
import type { AgentShape, SkillShape, TaskShape } from './shape.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Path = readonly PropertyKey[]

/** Throws a `Problem`: a program, folder or module that is not there, or a task that no agent of the project can do. */
export async function agentsOf(project: Project, env: Environment): Promise<readonly AgentDefinition[]> {
  const agents: AgentDefinition[] = []
  for (const [i, shape] of project.shape.agents.entries()) {
    const path = ['agents', i]
    const { command, module } = shape
    const agent =
      command === undefined
        ? await fromModule(project, shape, module ?? '', path)
        : await fromCommand(project, shape, command, env, path)
    if (agents.some(({ id }) => id === agent.id)) {
      throw project.problem(path, 'E_AGENT_ID_TAKEN', `has the id ${quote(agent.id)}, which another one has`)
    }
    agents.push(agent)
  }
  checkCoverage(project, agents)
  return agents
}

async function fromCommand(
  project: Project,
  shape: AgentShape,
  command: string | readonly string[],
  env: Environment,
  path: Path,
): Promise<AgentDefinition> {
  const cwd = resolve(project.folder, shape.cwd ?? '.')
  const whole = { ...env, ...shape.env }
  if (!(await stat(cwd).catch(() => undefined))?.isDirectory()) {
    throw project.problem([...path, 'cwd'], 'E_FILE', `${quote(cwd)} is not a folder`)
  }
  const program = typeof command === 'string' ? '/bin/sh' : (command[0] ?? '')
  if ((await findProgram(program, cwd, whole)) === undefined) {
    const hint = program.includes('/')
      ? 'Is it there, and may it be executed?'
      : 'Is it installed, and in the PATH?'
    throw project.problem(
      [...path, 'command'],
      'E_FILE',
      `names the program ${quote(program)}, which was not found`,
      hint,
    )
  }
  const { id = '', timeout, maxConcurrentTasks, price } = shape
  const payloadBytesMax = project.shape.limits?.payloadBytesMax
  const skills = claims(project, shape.skills ?? [])
  return commandAgent({
    id,
    skills,
    command,
    cwd,
    env: whole,
    timeoutMs: timeout,
    maxConcurrentTasks,
    price,
    payloadBytesMax,
  })
}

/** What a module may give: all that an agent has, of which the project may replace some. */
type Given = Partial<AgentDefinition>

async function fromModule(
  project: Project,
  shape: AgentShape,
  module: string,
  path: Path,
): Promise<AgentDefinition> {
  const given = await load(project, module, path)
  const id = shape.id ?? given.id
  const skills = shape.skills === undefined ? given.skills : claims(project, shape.skills)
  const { perform } = given
  const no = (what: string): never => {
    throw project.problem([...path, 'module'], 'E_TYPE', what)
  }
  if (id === undefined) return no('exports an agent without an id, and the project gives none')
  if (checkId(id, 'id') !== undefined) return no(`exports an agent whose id ${quote(id)} is not an id`)
  if (!Array.isArray(skills)) return no('exports an agent without skills, and the project gives none')
  if (typeof perform !== 'function') return no('exports an agent without the function "perform"')
  const consider = given.consider?.bind(given)
  const maxConcurrentTasks = shape.maxConcurrentTasks ?? given.maxConcurrentTasks
  const price = shape.price ?? given.price
  return {
    id,
    skills,
    perform: (assignment, work) => perform.call(given, assignment, work),
    ...(consider === undefined ? {} : { consider }),
    ...(maxConcurrentTasks === undefined ? {} : { maxConcurrentTasks }),
    ...(price === undefined ? {} : { price }),
  }
}

async function load(project: Project, module: string, path: Path): Promise<Given> {
  const file = resolve(project.folder, module)
  const no = (what: string, hint?: string): never => {
    throw project.problem([...path, 'module'], 'E_FILE', what, hint)
  }
  if (!(await stat(file).catch(() => undefined))?.isFile()) return no(`${quote(module)} is not a file`)
  let loaded: Readonly<Record<string, unknown>>
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause)
    return no(`${quote(module)} cannot be loaded: ${printable(why)}`)
  }
  const { agent } = loaded
  if (typeof agent === 'object' && agent !== null) return agent
  return no(
    `${quote(module)} does not export an agent`,
    'Write: export const agent = { id, skills, perform }.',
  )
}

function claims(project: Project, skills: readonly SkillShape[]): AgentDefinition['skills'] {
  return skills.map(({ name, level, successRate, meanTime }) => ({
    name,
    level: level ?? lowest(project),
    ...(successRate === undefined ? {} : { successRate }),
    ...(meanTime === undefined ? {} : { meanTimeMs: meanTime }),
  }))
}

function lowest({ shape }: Project): string {
  return (shape.levels ?? defaultLevels)[0] ?? ''
}

/**
 * Nobody else can join, so what the agents of the project cannot do would be waited for in vain. A task with a deadline
 * may wait: it expires, and says why.
 */
function checkCoverage(project: Project, agents: readonly AgentDefinition[]): void {
  for (const [i, task] of project.shape.tasks.entries()) {
    if (task.deadline !== undefined) continue
    const path = ['tasks', i]
    for (const [j, need] of task.requires.entries()) {
      const count = (need.count ?? 1) + (task.spares ?? 0)
      const more = task.spares === undefined ? '' : `, with ${task.spares} to spare`
      checkAble(project, task, agents, [...path, 'requires', j], need, count, more)
    }
    const { verify } = task
    if (verify !== undefined) checkAble(project, task, agents, [...path, 'verify'], verify, 1, '')
    checkGroup(project, task, agents, path)
  }
}

function checkAble(
  project: Project,
  task: TaskShape,
  agents: readonly AgentDefinition[],
  path: Path,
  { skill, level = lowest(project) }: { readonly skill: string; readonly level?: string | undefined },
  count: number,
  more: string,
): void {
  const able = agents.filter((agent) => mayDo(project, task, agent, skill, level)).length
  if (able >= count) return
  const needs = `${count} ${count === 1 ? 'agent' : 'agents'} with ${skill} at ${level} or above`
  throw project.problem(path, 'E_NOT_SKILLED', `needs ${needs}${more}; the project has ${able}`, otherwise)
}

const otherwise = 'Add agents, ask for less, or give the task a deadline, at which it expires.'

/** There are enough for each skill: whether some of them make a group as it is asked for. */
function checkGroup(project: Project, task: TaskShape, agents: readonly AgentDefinition[], path: Path): void {
  const { include = [], spares = 0, requires, optional = [], maxGroupSize, minMembers = 1 } = task
  for (const [j, id] of include.entries()) {
    if (agents.some((agent) => agent.id === id)) continue
    const hint = didYouMean(
      id,
      agents.map((agent) => agent.id),
      'The agents of this project are',
    )
    const what = `${quote(id)} is not an agent of this project`
    throw project.problem([...path, 'include', j], 'E_NO_SUCH_AGENT', what, hint)
  }
  const asked = [...requires, ...optional]
  const needs = asked.map(({ count = 1 }, j) =>
    j < requires.length ? { count: count + spares } : { count, skipPrice: 0 },
  )
  const candidates = agents.map((agent) => ({
    values: asked.map(({ skill, level = lowest(project) }) =>
      mayDo(project, task, agent, skill, level) ? 0 : undefined,
    ),
    cost: 0,
    mustInclude: include.includes(agent.id),
  }))
  const sizeMax = maxGroupSize ?? project.shape.limits?.groupSizeMax ?? defaultLimits.groupSizeMax
  const team = form(needs, candidates, { sizeMax, sizeMin: minMembers })
  if (team.kind === 'team' || team.exact === false) return
  const what = 'asks for a group that the agents of the project cannot make'
  throw project.problem(path, 'E_NOT_SKILLED', what, otherwise)
}

function mayDo(
  project: Project,
  { exclude }: TaskShape,
  { id, skills }: AgentDefinition,
  skill: string,
  level: string,
): boolean {
  const levels = project.shape.levels ?? defaultLevels
  const rank = (name: string): number => rankOf(levels, name) ?? -1
  if (exclude?.includes(id)) return false
  return skills.some((claim) => claim.name === skill && rank(claim.level ?? lowest(project)) >= rank(level))
}
