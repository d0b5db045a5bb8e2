/**
 * Reads MSPSP-InstLib (MiniZinc data): every activity needs several workers on several skills at once; a worker either
 * has a skill or has it not.
 * Source of the format: K. D. Young, T. Feydy, A. Schutt, CP 2017.
 */
import { readFileSync } from 'node:fs'
import { bestKnown, filesBelow } from './files.ts'
import type { Project } from './project.ts'

/**
 * All instances of a folder, against the published makespans. Set 2c is left out: its published results belong to
 * other instances.
 */
export function readMspsp(folder: string): Project[] {
  const published = bestKnown(folder, 'makespan_published')
  return filesBelow(folder, '.dzn').flatMap(({ name: file, path }) => {
    const name = file.replace(/^inst_/, '')
    const set = name.split('_')[0] ?? ''
    const reference = published.get(name)
    if (set === 'set2c' || reference === undefined) return []
    return [{ name, set, reference, ...parse(readFileSync(path, 'utf8')) }]
  })
}

function parse(text: string): Pick<Project, 'levels' | 'activities' | 'workers'> {
  const fields = fieldsOf(text)
  const durations = numbers(fields, 'dur')
  const skillCount = numbers(fields, 'nSkills')[0] ?? 0
  const asked = numbers(fields, 'sreq')
  const mastered = words(fields, 'mastery')
  const before = numbers(fields, 'pred')
  const behind = numbers(fields, 'succ')
  const activities = durations.map((duration, a) => ({
    id: `a${a + 1}`,
    duration,
    needs: Array.from({ length: skillCount }, (_, s) => {
      return { skill: `s${s + 1}`, rank: 0, count: asked[a * skillCount + s] ?? 0 }
    }).filter(({ count }) => count > 0),
    after: before.flatMap((from, i) => (behind[i] === a + 1 ? [`a${from}`] : [])),
  }))
  const workers = Array.from({ length: mastered.length / skillCount }, (_, w) => ({
    id: `w${w + 1}`,
    skills: Array.from({ length: skillCount }, (_, s) => ({ skill: `s${s + 1}`, rank: 0 })).filter(
      (_, s) => mastered[w * skillCount + s] === 'true',
    ),
  }))
  return { levels: ['able'], activities, workers }
}

/** `name = value;`, without comments. */
function fieldsOf(text: string): Map<string, string> {
  const plain = text.replace(/%.*$/gm, '')
  return new Map(
    [...plain.matchAll(/(\w+)\s*=\s*([^;]*);/g)].map(([, name = '', value = '']) => [name, value]),
  )
}

function words(fields: ReadonlyMap<string, string>, name: string): string[] {
  const value = fields.get(name)
  if (value === undefined) throw new Error(`the instance has no field ${name}`)
  return value.match(/\w+/g) ?? []
}

function numbers(fields: ReadonlyMap<string, string>, name: string): number[] {
  return words(fields, name).map(Number)
}
