/**
 * Reads MSLIB1 (.msrcp): every activity needs teams of workers, each place of them with a lowest level of 1 to 5.
 * Source of the format: J. Snauwaert and M. Vanhoucke, EJOR 2023.
 */
import { readFileSync } from 'node:fs'
import { bestKnown, columnOf, filesBelow } from './files.ts'
import type { Need, Project } from './project.ts'

const levels = ['level-1', 'level-2', 'level-3', 'level-4', 'level-5']

/** All instances of a folder, against the best upper bounds known. */
export function readMslib(folder: string): Project[] {
  const best = bestKnown(folder, 'best_upper_bound')
  const kinds = columnOf(folder, 'contention')
  return filesBelow(folder, '.msrcp').flatMap(({ name, path }) => {
    const reference = best.get(name)
    if (reference === undefined) return []
    return [
      { name, set: kinds.get(name) ?? 'other', levels, reference, ...parse(readFileSync(path, 'utf8')) },
    ]
  })
}

function parse(text: string): Pick<Project, 'activities' | 'workers'> {
  const parts = new Map<string, number[][]>()
  let rows: number[][] = []
  for (const line of text.split(/\r?\n/)) {
    const title = /^\\\*\s*(.*?)\s*(\*\\)?\s*$/.exec(line)
    if (title !== null) {
      rows = []
      parts.set(title[1] ?? '', rows)
    } else if (line.trim() !== '') rows.push(line.trim().split(/\s+/).map(Number))
  }
  const part = (name: string): number[][] => {
    const rows = parts.get(name)
    if (rows === undefined) throw new Error(`the instance has no section "${name}"`)
    return rows
  }
  const [[count = 0, workerCount = 0, skillCount = 0] = []] = part('Project Module')
  // After the sizes come two deadlines, and then a row for each activity.
  const activityRows = part('Project Module').slice(3, 3 + count)
  const counts = part('Skill Requirements Module')
  const asked = part('Skill Level Requirements Module')
  const activities = activityRows.map(([duration = 0], a) => ({
    id: `a${a + 1}`,
    duration,
    needs: needsOf(counts[a] ?? [], asked[a] ?? []),
    after: activityRows.flatMap((row, b) => (row.slice(2).includes(a + 1) ? [`a${b + 1}`] : [])),
  }))
  const workers = part('Workforce Module with Skill Levels')
    .slice(0, workerCount)
    .map((row, w) => ({
      id: `w${w + 1}`,
      skills: row
        .slice(0, skillCount)
        .flatMap((level, s) => (level > 0 ? [{ skill: `s${s + 1}`, rank: level - 1 }] : [])),
    }))
  return { activities, workers }
}

/** Levels stand in one row, skill after skill; places of one skill with one level are one need. */
function needsOf(counts: readonly number[], asked: readonly number[]): Need[] {
  const needs: Need[] = []
  let at = 0
  counts.forEach((count, s) => {
    const ranks = asked.slice(at, at + count).map((level) => level - 1)
    at += count
    for (const rank of new Set(ranks)) {
      needs.push({ skill: `s${s + 1}`, rank, count: ranks.filter((other) => other === rank).length })
    }
  })
  return needs
}
