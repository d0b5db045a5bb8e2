/**
 * A handful of mutants: the simulator catches them, and the list fits the source.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Laboratory } from '../../lab/mutants/laboratory.ts'
import { mutants } from '../../lab/mutants/mutants.ts'

test('SIM-17 every mutant fits exactly one place of the source', () => {
  assert.ok(mutants.length >= 20)
  for (const { name, file, find, replace } of mutants) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    assert.equal(text.split(find).length - 1, 1, name)
    assert.notEqual(find, replace, name)
  }
  assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length)
})

test('SIM-17 classic bugs that are put back are caught, and without them nothing is reported', async () => {
  using laboratory = new Laboratory()
  const short = [
    'effects before facts',
    'ended announcement forgotten',
    'duplicate start runs twice',
    'verifier skipped',
  ]
  for (const mutant of mutants.filter(({ name }) => short.includes(name))) {
    const { caught, by } = await laboratory.examine(mutant, 30)
    assert.ok(caught, mutant.name)
    assert.match(by ?? '', /^(SIM|LIVE|LOG)-\d+ /)
  }
  assert.deepEqual(await laboratory.examine(undefined, 30), { caught: false, seeds: 30 })
})

test('SIM-17 small worlds of several hubs catch what several hubs do wrong, and without it nothing', async () => {
  using laboratory = new Laboratory()
  const mutant = mutants.find(({ name }) => name === 'slot not given back when it is asked for')
  assert.ok(mutant)
  const { caught, by } = await laboratory.meet(mutant, 20)
  assert.ok(caught)
  assert.match(by ?? '', /slots lent to nobody$/)
  assert.deepEqual(await laboratory.meet(undefined, 20), { caught: false, seeds: 20 })
})

test('SIM-17 a mutant that no longer fits is refused, not skipped', async () => {
  using laboratory = new Laboratory()
  const rotten = { name: 'rotten', file: 'src/hub/hub.ts', find: 'nothing like it', replace: '' }
  await assert.rejects(laboratory.examine(rotten, 1), /fits 0 places/)
})
