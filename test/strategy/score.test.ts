import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SkillName } from '../../src/protocol/id.ts'
import { defaultLevels, type Skill } from '../../src/protocol/skill.ts'
import type { SkillStanding } from '../../src/protocol/standing.ts'
import { drawBeta } from '../../src/strategy/normal.ts'
import { defaultPrior } from '../../src/strategy/population.ts'
import { seeded } from '../../src/strategy/random.ts'
import {
  costsOf,
  drawSuccess,
  type Estimate,
  estimate,
  expectedTime,
  type Load,
  rankScore,
  slotsOf,
  successFor,
  type Terms,
} from '../../src/strategy/score.ts'
import { newStanding, observe } from '../../src/strategy/standing.ts'

const plain: Skill = { name: 'weaving' as SkillName, level: 'advanced' }

function seen(successes: number, failures: number): SkillStanding {
  return { ...newStanding(plain, 0), successes, failures }
}

test('FIT-1 without evidence the estimate is the population, moved by three tenths of what the claim differs', () => {
  const none = seen(0, 0)
  assert.ok(Math.abs(estimate(none, plain).mean - 0.7) < 1e-12)
  assert.ok(Math.abs(estimate(none, { ...plain, successRate: 1 }).mean - 0.79) < 1e-12)
  assert.ok(Math.abs(estimate(none, { ...plain, successRate: 0 }).mean - 0.49) < 1e-12)
  assert.ok(
    Math.abs(estimate(none, { ...plain, successRate: 0.5 }, { ...defaultPrior, mean: 0.5 }).mean - 0.5) <
      1e-12,
  )
})

test('FIT-2 evidence outweighs any claim: a boaster who fails is below a modest one who succeeds', () => {
  const boaster = estimate(seen(2, 6), { ...plain, successRate: 1 })
  const modest = estimate(seen(7, 1), { ...plain, successRate: 0 })
  assert.ok(boaster.mean < 0.5 && modest.mean > 0.65)
  const settled = estimate(seen(90, 10), { ...plain, successRate: 0 })
  assert.ok(Math.abs(settled.mean - 0.9) < 0.03)
})

test('FIT-3 the lower bound lies below the mean, holds for nine agents of ten, and closes in with evidence', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 500, noNaN: true }),
      fc.double({ min: 0, max: 500, noNaN: true }),
      (s, f) => {
        const e = estimate(seen(s, f), plain)
        assert.ok(e.lower >= 0 && e.lower < e.mean && e.mean < 1)
        const more = estimate(seen(2 * s + 1, 2 * f + 1), plain)
        if (s + f > 20) assert.ok(more.mean - more.lower < e.mean - e.lower + 0.02)
      },
    ),
  )
  // Agents as the prior supposes them, each seen thirty times: for how many does the bound hold?
  const random = seeded(8)
  let holds = 0
  for (let i = 0; i < 4000; i++) {
    const rate = drawBeta(4.2, 1.8, random)
    const successes = Array.from({ length: 30 }, random).filter((u) => u < rate).length
    if (rate >= estimate(seen(successes, 30 - successes), plain).lower) holds++
  }
  assert.ok(Math.abs(holds / 4000 - 0.9) < 0.02, `${holds / 4000}`)
})

test('FIT-4 draws are wide for newcomers and narrow for the known or the busy', () => {
  const spreadOf = (standing: SkillStanding, inFlight: number): number => {
    const random = seeded(4)
    const e = estimate(standing, plain)
    const draws = Array.from({ length: 4000 }, () => drawSuccess(e, random, inFlight) - e.mean)
    return draws.reduce((sum, x) => sum + x, 0) / draws.length
  }
  const newcomer = spreadOf(seen(0, 0), 0)
  assert.ok(newcomer > 0.05 && newcomer < 0.1, `${newcomer}`)
  assert.ok(spreadOf(seen(70, 30), 0) < newcomer / 3)
  assert.ok(spreadOf(seen(0, 0), 94) < newcomer / 3)
})

test('FIT-5 critical work goes by the lower bound and asks no random number; values are finite logarithms', () => {
  const never = (): number => {
    throw new Error('a critical score is not drawn')
  }
  const standing = seen(3, 1)
  const e = estimate(standing, plain)
  assert.equal(successFor(e, true, never), e.lower)
  const hopeless: Estimate = { ...e, mean: 1e-9, lower: 0 }
  assert.equal(successFor(hopeless, true, never), 1e-3)
  assert.ok(successFor(e, false, seeded(1)) >= e.mean)
})

test('FIT-6 times: the claim alone, evidence alone, and evidence over claim', () => {
  assert.deepEqual(
    [estimate(seen(0, 0), plain).typicalMs, estimate(seen(0, 0), plain).latestMs],
    [undefined, undefined],
  )
  const claimed = estimate(seen(0, 0), { ...plain, meanTimeMs: 1000 })
  assert.ok((claimed.typicalMs ?? 0) > 800 && (claimed.typicalMs ?? 0) < 1000)
  assert.ok((claimed.latestMs ?? 0) > 1500 && (claimed.latestMs ?? 0) < 4000)

  let standing = newStanding(plain, 0)
  for (let i = 0; i < 30; i++) {
    const verdict = { success: true, weight: 1, requiredRank: 2, tookMs: 10_000 }
    standing = observe(standing, verdict, defaultLevels, 0)
  }
  assert.ok(Math.abs((estimate(standing, plain).typicalMs ?? 0) / 10_000 - 1) < 1e-5)
  const liar = estimate(standing, { ...plain, meanTimeMs: 100 })
  assert.ok((liar.typicalMs ?? 0) > 5000, `${liar.typicalMs}`)
})

const costOf = (load: Load, terms: Terms): number => costsOf(load, terms).total
const idle: Load = { busy: 0, slots: 4, expectedMs: undefined, residualMs: 0, price: 0 }
const easy = { budget: undefined, deadlineInMs: undefined, latestMs: undefined }

test('FIT-7 the cost is never negative and always finite, whatever an offer says', () => {
  const number = fc.oneof(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), fc.constantFrom(0, 1, 1e300))
  const maybe = fc.option(number, { nil: undefined })
  fc.assert(
    fc.property(
      fc.record({ busy: number, slots: number, expectedMs: maybe, residualMs: number, price: number }),
      fc.record({ budget: maybe, deadlineInMs: maybe, latestMs: maybe }),
      (load, task) => {
        const costs = Object.values(costsOf({ ...load, residualMs: Math.abs(load.residualMs) }, task))
        for (const cost of costs) assert.ok(cost >= 0 && Number.isFinite(cost), `${costs}`)
      },
    ),
    { numRuns: 2000 },
  )
})

test('FIT-8 the cost rises with load, expected time, price and a nearer deadline', () => {
  assert.equal(costOf(idle, easy), 0)
  const rises = (costs: readonly number[]): void => {
    for (let i = 1; i < costs.length; i++) assert.ok((costs[i] ?? 0) > (costs[i - 1] ?? 0), `${costs}`)
  }
  rises([0, 1, 2, 3, 4].map((busy) => costOf({ ...idle, busy }, easy)))
  rises([10, 1e3, 1e5, 1e7].map((expectedMs) => costOf({ ...idle, expectedMs }, easy)))
  rises([0, 1e3, 1e5].map((residualMs) => costOf({ ...idle, expectedMs: 10, residualMs }, easy)))
  rises([0, 1, 5, 9].map((price) => costOf({ ...idle, price }, { ...easy, budget: 10 })))
  const dueIn = (deadlineInMs: number): number =>
    costOf({ ...idle, expectedMs: 10_000 }, { ...easy, deadlineInMs, latestMs: 20_000 })
  rises([60_000, 20_000, 10_000, 5000, 0].map(dueIn))
  // One in ten is late when the deadline is the 90 % point.
  assert.ok(Math.abs(dueIn(20_000) - dueIn(1e9) - -Math.log(0.9)) < 1e-3)
  // Without a budget, and without a deadline, money and time limits cost nothing.
  assert.equal(costOf({ ...idle, price: 99 }, easy), 0)
})

test('FIT-11 a newcomer that was passed over is drawn more hopefully each time, and nobody else is', () => {
  const meanOf = (standing: SkillStanding, inFlight: number, passedOver: number): number => {
    const random = seeded(5)
    const e = estimate(standing, plain)
    const draws = Array.from({ length: 2000 }, () => drawSuccess(e, random, inFlight, passedOver))
    return draws.reduce((sum, x) => sum + x, 0) / draws.length
  }
  const hopes = [0, 1, 3, 7].map((passedOver) => meanOf(seen(0, 0), 0, passedOver))
  for (let i = 1; i < hopes.length; i++) assert.ok((hopes[i] ?? 0) > (hopes[i - 1] ?? 0) + 0.02, `${hopes}`)
  assert.equal(meanOf(seen(0, 0), 0, 7), meanOf(seen(0, 0), 0, 1e9))
  assert.equal(meanOf(seen(1, 0), 0, 7), meanOf(seen(1, 0), 0, 0))
  assert.equal(meanOf(seen(0, 0), 1, 7), meanOf(seen(0, 0), 1, 0))
})

test('FIT-12 a load is measured against the slots that are earned: one, and one for each success', () => {
  assert.deepEqual(
    [0, 1, 2, 9].map((successes) => slotsOf(estimate(seen(successes, 3), plain), 5)),
    [1, 2, 3, 5],
  )
  const newcomer = estimate(seen(0, 0), plain)
  const placeOf = (e: Estimate, busy: number): number => rankScore(e.mean, busy, slotsOf(e, 10))
  assert.ok(placeOf(newcomer, 1) < placeOf(newcomer, 0) - 0.08)
  const known = estimate(seen(50, 20), plain)
  assert.ok(placeOf(known, 1) > placeOf(known, 0) - 0.03)
})

test('FIT-13 a time that is named for one task weighs as much as three that were seen', () => {
  const e = { ...estimate(seen(0, 0), plain), typicalMs: 10_000 }
  assert.equal(expectedTime(e, undefined, 20), 10_000)
  assert.equal(expectedTime(e, 10, 0), 10)
  assert.ok(Math.abs((expectedTime(e, 10, 3) ?? 0) - Math.sqrt(10 * 10_000)) < 1e-6)
  assert.ok((expectedTime(e, 10, 27) ?? 0) > 4_000)
  assert.equal(expectedTime({ ...e, typicalMs: undefined }, 10, 27), 10)
})

test('FIT-9 the place in the catalog is within 0 and 1, better for the better and for the less busy', () => {
  const good = estimate(seen(50, 2), plain)
  const poor = estimate(seen(2, 50), plain)
  const placeOf = (e: Estimate, busy: number): number => rankScore(e.mean, busy, slotsOf(e, 2))
  for (const e of [good, poor]) {
    for (const busy of [0, 1, 2, 9]) {
      const score = placeOf(e, busy)
      assert.ok(score >= 0 && score <= 1)
    }
    assert.ok(placeOf(e, 0) > placeOf(e, 1))
  }
  assert.ok(placeOf(good, 1) > placeOf(poor, 1))
})

interface Policy {
  readonly name: string
  choose(e: Estimate, standing: SkillStanding, random: () => number): number
}

/**
 * A hundred agents, half of them unknown at first. An assignment occupies its agent for the length of thirty arrivals;
 * whoever is free may be chosen.
 */
function simulate(policy: Policy, seed: number): { regret: number; tried: number; success: number } {
  const world = seeded(seed)
  const chance = seeded(seed + 1)
  const rates = Array.from({ length: 100 }, () => 0.5 + 0.48 * world())
  const standings = rates.map((rate, i) => {
    if (i % 2 === 0) return seen(0, 0)
    const successes = Array.from({ length: 20 }, () => world()).filter((u) => u < rate).length
    return seen(successes, 20 - successes)
  })
  const freeAt = rates.map(() => 0)
  const tried = new Set<number>()
  const tasks = 5000
  let regret = 0
  let successes = 0
  for (let task = 0; task < tasks; task++) {
    let pick = -1
    let best = -Infinity
    let highest = 0
    for (let i = 0; i < rates.length; i++) {
      const standing = standings[i]
      if (standing === undefined || (freeAt[i] ?? 0) > task) continue
      highest = Math.max(highest, rates[i] ?? 0)
      const value = policy.choose(estimate(standing, plain), standing, chance)
      if (value > best) {
        best = value
        pick = i
      }
    }
    tried.add(pick)
    freeAt[pick] = task + 30
    const rate = rates[pick] ?? 0
    regret += highest - rate
    const success = world() < rate
    if (success) successes++
    const before = standings[pick] ?? seen(0, 0)
    standings[pick] = observe(before, { success, weight: 1, requiredRank: 2 }, defaultLevels, task * 1000)
  }
  const newcomers = rates.filter((_, i) => i % 2 === 0 && tried.has(i)).length
  return { regret: regret / tasks, tried: newcomers / 50, success: successes / tasks }
}

test('FIT-10 drawing tries every newcomer and loses at most six tenths of what the raw rate loses', () => {
  const drawing: Policy = {
    name: 'optimistic Thompson sampling',
    choose: (e, _standing, random) => successFor(e, false, random),
  }
  const rawRate: Policy = {
    name: 'raw success rate',
    choose: (e, standing) => (e.weight === 0 ? 0 : standing.successes / e.weight),
  }
  const mean = (policy: Policy): { regret: number; tried: number; success: number } => {
    const runs = Array.from({ length: 5 }, (_, seed) => simulate(policy, 100 * seed + 1))
    const average = (of: (run: (typeof runs)[number]) => number): number =>
      runs.reduce((sum, run) => sum + of(run), 0) / runs.length
    return {
      regret: average((run) => run.regret),
      tried: average((run) => run.tried),
      success: average((run) => run.success),
    }
  }
  const drawn = mean(drawing)
  const raw = mean(rawRate)
  assert.ok(drawn.tried >= 0.95, `tried ${drawn.tried}`)
  assert.ok(drawn.regret <= 0.6 * raw.regret, `regret ${drawn.regret} against ${raw.regret}`)
  assert.ok(drawn.success >= raw.success, `success ${drawn.success} against ${raw.success}`)
})
