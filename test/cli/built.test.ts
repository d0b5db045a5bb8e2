/**
 * The command line as it is installed: built, without the checkout around it.
 */
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { folderWith, root } from './convoke.ts'

const execute = promisify(execFile)

/** An older Node.js on this machine, if there is one. */
function olderNode(): string | undefined {
  for (const path of ['/usr/bin/node', '/usr/local/bin/node']) {
    try {
      const version = execFileSync(path, ['--version'], { encoding: 'utf8' })
      if (Number(version.slice(1).split('.', 1)[0]) < 24) return path
    } catch {
      // Not there.
    }
  }
  return undefined
}

test('CLI-19 what is built runs without the checkout', { timeout: 60_000 }, async (t) => {
  const folder = folderWith({})
  const tsc = join(root, 'node_modules/.bin/tsc')
  await execute(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')])
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const main = join(folder, 'dist/cli/main.js')
  const run = async (...words: readonly string[]): Promise<string> =>
    (await execute(process.execPath, [main, ...words])).stdout
  assert.match(await run('--version'), /^convoke \d+\.\d+\.\d+\n$/)
  const demo = JSON.parse(await run('demo', '--json')) as { completed: boolean; primes: number }
  assert.deepEqual([demo.completed, demo.primes], [true, 148_933])
  await assert.rejects(
    run('demo', '--chaos'),
    /E_USAGE: --chaos needs the large demonstration, which is not here/,
  )
  const doctor = JSON.parse(await run('doctor', '--json')) as { ok: boolean }
  assert.equal(doctor.ok, true)
  const older = olderNode()
  await t.test(
    'CLI-19 an older Node.js is told so',
    { skip: older === undefined && 'no older Node.js is here' },
    async () => {
      await assert.rejects(execute(older ?? '', [main, 'doctor']), {
        code: 5,
        stdout: '',
        stderr: /^error E_RUNTIME: this is Node\.js [\d.]+; convoke needs 24 or newer\nhint: [^\n]+\n$/,
      })
    },
  )
})
