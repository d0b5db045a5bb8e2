/**
 * Tables for the tests: made up, with gaps, identifiers and a leak, and a place to put them.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { seeded } from '../../../examples/prediction/draw.ts'

export function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'convoke-prediction-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function fileFor(t: TestContext, text: string): string {
  const path = join(directoryFor(t), 'table.csv')
  writeFileSync(path, text)
  return path
}

/**
 * Customers who leave or stay. It depends on age, plan and city; `customer` and `note` name the row, `refund` is paid
 * only to those who left, and every seventh age and every ninth plan is missing.
 */
export function customers(rows: number, seed = 5): string {
  const random = seeded(seed)
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)] ?? ''
  const lines = ['customer;age;plan;city;since;note;refund;hours;left']
  for (let row = 1; row <= rows; row++) {
    const age = 18 + Math.floor(random() * 60)
    const plan = pick(['basic', 'plus', 'gold; with extras'])
    const city = pick(['Ulm', 'Köln', 'Jena', 'Graz', 'Bern'])
    const score = (age - 48) / 12 + (plan === 'basic' ? 1.2 : -0.6) + (city === 'Ulm' ? 1 : 0) - 1.2
    const left = random() < 1 / (1 + Math.exp(-score))
    lines.push(
      [
        10_000 + row,
        row % 7 === 0 ? 'n/a' : age,
        row % 9 === 0 ? '' : `"${plan}"`,
        city,
        `20${10 + Math.floor(random() * 10)}-0${1 + Math.floor(random() * 9)}-11`,
        `called on line ${Math.floor(random() * 1e9)}`,
        left && random() < 0.15 ? Math.round(random() * 900) / 10 : 0,
        (random() * 40).toFixed(2),
        left ? 'yes' : 'no',
      ].join(';'),
    )
  }
  return `${lines.join('\n')}\n`
}
