/** What is announced, and who can do it. */
import type { AnnounceSpec } from '../../src/index.ts'

const skills = ['etl', 'statistics', 'report'] as const

export function skillOf(agent: number): string {
  return skills[agent % skills.length] ?? 'etl'
}

export function need(size: number): AnnounceSpec {
  return {
    description: 'a benchmark task',
    requires: skills.slice(0, size).map((skill) => ({ skill, level: 'intermediate' })),
  }
}
