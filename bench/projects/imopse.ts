/**
 * Reads iMOPSE (.def): every activity needs one worker, who has its skill at its level or above.
 * Source of the format: P. B. Myszkowski and others, Soft Computing 2015.
 */
import { readFileSync } from 'node:fs'
import { bestKnown, filesBelow } from './files.ts'
import type { Activity, Project, Worker } from './project.ts'

/** Fewer activities than this, and the instance is one of the small ones. */
const largeFrom = 100

/** All instances of a folder, against their lower bounds. */
export function readImopse(folder: string): Project[] {
  const bounds = bestKnown(folder, 'lower_bound')
  return filesBelow(folder, '.def').flatMap(({ name, path }) => {
    const reference = bounds.get(name)
    if (reference === undefined) return []
    const parsed = parse(readFileSync(path, 'utf8'))
    const set = parsed.activities.length < largeFrom ? 'small' : 'large'
    return [{ name, set, levels: ['novice', 'intermediate', 'advanced', 'expert'], reference, ...parsed }]
  })
}

function parse(text: string): Pick<Project, 'activities' | 'workers'> {
  const activities: Activity[] = []
  const workers: Worker[] = []
  let part = ''
  for (const line of text.split(/\r?\n/)) {
    if (/^(ResourceID|TaskID)/.test(line)) part = line.slice(0, 4)
    if (!/^\s*\d/.test(line)) continue
    const skills = [...line.matchAll(/(Q\d+):\s*(\d+)/g)].map(([, skill = '', level]) => {
      return { skill, rank: Number(level) }
    })
    const [id = '', duration = '', ...after] = line
      .replace(/Q\d+:\s*\d+/g, ' ')
      .trim()
      .split(/\s+/)
    if (part === 'Reso') workers.push({ id: `w${id}`, skills: highest(skills) })
    if (part === 'Task') {
      const needs = skills.map((need) => ({ ...need, count: 1 }))
      activities.push({ id: `a${id}`, duration: Number(duration), needs, after: after.map((id) => `a${id}`) })
    }
  }
  return { activities, workers }
}

/** A worker may be listed with one skill twice; the better one holds. */
function highest(skills: Worker['skills']): Worker['skills'] {
  const best = new Map<string, number>()
  for (const { skill, rank } of skills) best.set(skill, Math.max(rank, best.get(skill) ?? 0))
  return [...best].map(([skill, rank]) => ({ skill, rank }))
}
