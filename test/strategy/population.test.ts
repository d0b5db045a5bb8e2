import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SkillName } from '../../src/protocol/id.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import type { SkillStanding } from '../../src/protocol/standing.ts'
import { drawBeta, drawNormal } from '../../src/strategy/normal.ts'
import { defaultPrior, Population } from '../../src/strategy/population.ts'
import { seeded } from '../../src/strategy/random.ts'
import { newStanding, observe } from '../../src/strategy/standing.ts'

const skill = 'glazing' as SkillName
const plain = { name: skill, level: 'advanced' }

/** Agents of one level, each with a rate of its own and seen `outcomes` times. */
function seenAgents(rates: readonly number[], outcomes: number, random: () => number): Population {
  const population = new Population()
  for (const rate of rates) {
    let standing: SkillStanding | undefined
    for (let k = 0; k < outcomes; k++) {
      const verdict = { success: random() < rate, weight: 1, requiredRank: 2 }
      const next = observe(standing ?? newStanding(plain, 0), verdict, defaultLevels, 0)
      // Here the level is given: what the others do is compared, not where they belong.
      const settled = { ...next, level: plain.level }
      population.move(standing, settled)
      standing = settled
    }
  }
  return population
}

test('POP-1 before anything was seen, and of another skill or level, the prior is 0.7 and worth six outcomes', () => {
  const population = seenAgents([0.1, 0.2], 20, seeded(1))
  assert.equal(new Population().priorOf(skill, 'advanced'), defaultPrior)
  assert.equal(population.priorOf(skill, 'no such level'), defaultPrior)
  assert.equal(population.priorOf('glass' as SkillName, 'advanced'), defaultPrior)
  assert.deepEqual([defaultPrior.mean, defaultPrior.strength, defaultPrior.medianMs], [0.7, 6, undefined])
})

test('POP-2 the prior comes to the mean of the agents; much work counts little more than some', () => {
  const random = seeded(2)
  const poor = seenAgents(Array(60).fill(0.3), 10, random).priorOf(skill, 'advanced')
  const good = seenAgents(Array(60).fill(0.9), 10, random).priorOf(skill, 'advanced')
  assert.ok(good.mean > 0.84 && good.mean < 0.94, `${good.mean}`)
  assert.ok(poor.mean > 0.26 && poor.mean < 0.42, `${poor.mean}`)
  // One diligent agent that fails does not speak for forty.
  const mixed = seenAgents(Array(40).fill(0.9), 5, random)
  let before: SkillStanding | undefined
  for (let k = 0; k < 400; k++) {
    const verdict = { success: random() < 0.3, weight: 1, requiredRank: 2 }
    const after = {
      ...observe(before ?? newStanding(plain, 0), verdict, defaultLevels, 0),
      level: 'advanced',
    }
    mixed.move(before, after)
    before = after
  }
  assert.ok(mixed.priorOf(skill, 'advanced').mean > 0.8)
})

test('POP-3 the prior weighs more where agents are alike and less where they differ', () => {
  const random = seeded(3)
  const alike = seenAgents(Array(150).fill(0.75), 20, random).priorOf(skill, 'advanced')
  const differ = seenAgents(
    Array.from({ length: 150 }, () => drawBeta(1.5, 0.7, random)),
    20,
    random,
  ).priorOf(skill, 'advanced')
  assert.ok(alike.strength >= 12, `${alike.strength}`)
  assert.ok(differ.strength <= 5, `${differ.strength}`)
})

test('POP-4 the order of the outcomes leaves no trace: summed anew from the standings, the priors are the same', () => {
  const outcome = fc.record({
    agent: fc.integer({ min: 0, max: 6 }),
    success: fc.boolean(),
    weight: fc.constantFrom(1, 0.4),
    requiredRank: fc.integer({ min: 0, max: 3 }),
    tookMs: fc.integer({ min: 1, max: 1_000_000 }),
  })
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 120 }), (outcomes) => {
      const live = new Population()
      const standings = new Map<number, SkillStanding>()
      for (const { agent, ...verdict } of outcomes) {
        const before = standings.get(agent)
        const after = observe(before ?? newStanding(plain, 0), verdict, defaultLevels, 0)
        live.move(before, after)
        standings.set(agent, after)
      }
      const anew = new Population()
      for (const standing of [...standings.values()].reverse()) anew.move(undefined, standing)
      for (const level of defaultLevels) {
        const there = [...standings.values()].some((standing) => standing.level === level)
        if (there) assert.deepEqual(anew.priorOf(skill, level), live.priorOf(skill, level))
      }
    }),
  )
})

test('POP-5 a prior stays the same object until it has moved by a step', () => {
  const population = seenAgents(Array(50).fill(0.8), 10, seeded(5))
  const known = population.priorOf(skill, 'advanced')
  const standing = observe(
    newStanding(plain, 0),
    { success: true, weight: 0.01, requiredRank: 0 },
    defaultLevels,
    0,
  )
  population.move(undefined, standing)
  assert.equal(population.priorOf(skill, 'advanced'), known)
})

test('POP-6 durations: the median of the agents and how far they spread are expected of a stranger', () => {
  const random = seeded(6)
  const population = new Population()
  for (let i = 0; i < 80; i++) {
    const own = Math.log(20_000) + 0.8 * drawNormal(random)
    let standing: SkillStanding | undefined
    for (let k = 0; k < 10; k++) {
      const tookMs = Math.exp(own + 0.3 * drawNormal(random))
      const verdict = { success: true, weight: 1, requiredRank: 0, tookMs }
      const next = observe(standing ?? newStanding(plain, 0), verdict, defaultLevels, 0)
      population.move(standing, next)
      standing = next
    }
  }
  const { medianMs = 0, timeSpread } = population.priorOf(skill, 'advanced')
  assert.ok(medianMs > 14_000 && medianMs < 28_000, `${medianMs}`)
  assert.ok(timeSpread > 0.7 && timeSpread < 1, `${timeSpread}`)
})
