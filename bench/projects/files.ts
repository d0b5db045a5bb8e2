/**
 * The files of a data set that somebody has put on this disk.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Wanting } from '../benchmark.ts'

/** Every file below a folder with this ending, by name. */
export function filesBelow(
  folder: string,
  ending: string,
): { readonly name: string; readonly path: string }[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const named = paths
    .filter((path) => path.endsWith(ending))
    .map((path) => ({ name: basename(path, ending), path: join(folder, path) }))
  if (named.length === 0) throw new Wanting(`there is no file *${ending} below ${folder}`)
  return named.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** One column of `best_known.csv`, by instance: beside the files, or in the folder above them. */
export function columnOf(folder: string, column: string): ReadonlyMap<string, string> {
  const [head = '', ...rows] = readAbove(folder)
    .split(/\r?\n/)
    .filter((line) => line !== '')
  const place = head.split(',').indexOf(column)
  if (place < 0) throw new Wanting(`best_known.csv for ${folder} has no column "${column}"`)
  return new Map(rows.map((row) => row.split(',')).map((cells) => [cells[0] ?? '', cells[place] ?? '']))
}

/** The reference figures of a column; what has none is left out. */
export function bestKnown(folder: string, column: string): ReadonlyMap<string, number> {
  const numbers = [...columnOf(folder, column)].map(([name, text]): [string, number] => [name, Number(text)])
  return new Map(numbers.filter(([, value]) => value > 0))
}

function readAbove(folder: string): string {
  for (const place of [folder, dirname(folder)]) {
    try {
      return readFileSync(join(place, 'best_known.csv'), 'utf8')
    } catch {
      // It may lie one folder higher.
    }
  }
  throw new Wanting(`there is no best_known.csv in ${folder} or above it`)
}
