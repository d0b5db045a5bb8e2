/**
 * The other process: appends the lives of tasks t0, t1, … and prints after each acknowledgement how many there were.
 */
import { life } from '../../lab/conformance/facts.ts'
import { openSqliteJournal } from '../../src/host/journal/sqlite.ts'

const [file, durability] = process.argv.slice(2)
if (file === undefined || (durability !== 'full' && durability !== 'normal'))
  throw new Error('FILE full|normal')
const journal = await openSqliteJournal(file, { durability })
for (let batches = (await journal.replay(() => {})) / 4; ; batches++) {
  await journal.append(life(`t${batches}`))
  process.stdout.write(`${batches + 1}\n`)
}
