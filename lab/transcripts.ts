/**
 * Golden transcripts: a file has commands, and below each block of them what the world then said. Playing a file again
 * must give the same text; `--rewrite` writes what it gives now, and the difference is what a reviewer reads.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { play } from './transcript/commands.ts'
import { PlayHouse } from './transcript/playhouse.ts'

const folder: string = join(import.meta.dirname, 'transcripts')

/** Names of all transcripts, without the ending. */
export function transcriptNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => name.slice(0, -'.txt'.length))
    .sort()
}

export function readTranscript(name: string): string {
  return readFileSync(join(folder, `${name}.txt`), 'utf8')
}

/**
 * Plays the commands of a transcript and answers the whole text as it would be written now. A block is one or more
 * lines of commands, then `----`, then what was said; comments (`#`) and the heading stay as they are.
 */
export async function played(text: string): Promise<string> {
  const house = new PlayHouse()
  const out: string[] = []
  let commands: string[] = []
  let said = false
  const perform = async (): Promise<void> => {
    if (commands.length === 0) return
    out.push(...commands, '----')
    for (const command of commands) out.push(...(await play(house, command)))
    commands = []
  }
  for (const line of text.trimEnd().split('\n')) {
    if (line === '----') {
      await perform()
      said = true
    } else if (line === '') {
      await perform()
      said = false
      out.push('')
    } else if (line.startsWith('#') || /^rules?:/.test(line)) out.push(line)
    else if (!said) commands.push(line)
  }
  await perform()
  return `${out.join('\n')}\n`
}

async function main(given: readonly string[]): Promise<number> {
  const rewrite = given.includes('--rewrite')
  const asked = given.filter((word) => !word.startsWith('--'))
  let different = 0
  for (const name of asked.length > 0 ? asked : transcriptNames()) {
    const before = readTranscript(name)
    const now = await played(before)
    if (now === before) continue
    different += 1
    if (rewrite) writeFileSync(join(folder, `${name}.txt`), now)
    console.log(`${name}: ${rewrite ? 'written' : 'differs; look at it with --rewrite and git diff'}`)
  }
  return different > 0 && !rewrite ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2))
