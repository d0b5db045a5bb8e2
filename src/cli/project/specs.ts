/**
 * From the words of a project file to those of the network: spans without a unit in their name get it back.
 */
import type { TaskSpec } from '../../protocol/announce.ts'
import type { SkillSpec } from '../../protocol/join.ts'
import type { SkillShape, TaskShape } from './shape.ts'

export function taskSpec({ deadline, expected, workSilence, ...same }: TaskShape): TaskSpec {
  const spans = { deadlineMs: deadline, expectedMs: expected, workSilenceMs: workSilence }
  return present({ ...same, ...spans }) as unknown as TaskSpec
}

export function skillSpec({ meanTime, ...same }: SkillShape): SkillSpec {
  return present({ ...same, meanTimeMs: meanTime }) as unknown as SkillSpec
}

/** Leaves out what is undefined. */
function present(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Fields that differ in name between the network (left) and the file. */
const fileNames: Readonly<Record<string, string>> = {
  deadlineMs: 'deadline',
  expectedMs: 'expected',
  workSilenceMs: 'workSilence',
  meanTimeMs: 'meanTime',
  capacity: 'maxConcurrentTasks',
}

/** The field of a refusal, such as `requires[1].level`, as a path of the file. */
export function filePath(field: string): readonly PropertyKey[] {
  const steps = field.match(/[^.[\]]+/g) ?? []
  return steps.map((step) => (/^\d+$/.test(step) ? Number(step) : (fileNames[step] ?? step)))
}
