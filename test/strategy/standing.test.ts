import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SkillName } from '../../src/protocol/id.ts'
import { defaultLevels, rankOf, type Skill, type SkillLevel } from '../../src/protocol/skill.ts'
import type { SkillStanding } from '../../src/protocol/standing.ts'
import { paceOf } from '../../src/strategy/duration.ts'
import { claimedFits } from '../../src/strategy/level.ts'
import { drawNormal } from '../../src/strategy/normal.ts'
import { Population } from '../../src/strategy/population.ts'
import { seeded } from '../../src/strategy/random.ts'
import { estimate } from '../../src/strategy/score.ts'
import {
  blame,
  isProven,
  newStanding,
  observe,
  type Verdict,
  withoutLevel,
} from '../../src/strategy/standing.ts'

const day = 24 * 3_600_000

function claim(level: SkillLevel, more: Partial<Skill> = {}): Skill {
  return { name: 'soldering' as SkillName, level, ...more }
}

function fresh(level: SkillLevel): SkillStanding {
  return newStanding(claim(level), 0)
}

function after(
  standing: SkillStanding,
  outcomes: readonly boolean[],
  more: Partial<Verdict> = {},
  levels: readonly SkillLevel[] = defaultLevels,
): SkillStanding {
  return outcomes.reduce(
    (now, success) => observe(now, { success, weight: 1, requiredRank: 2, ...more }, levels, now.updatedAt),
    standing,
  )
}

const times = (count: number, success: boolean): boolean[] => new Array<boolean>(count).fill(success)

test('STAND-1 a new standing has the claimed level and no evidence', () => {
  const standing = newStanding(claim('advanced', { successRate: 1, meanTimeMs: 5 }), 77)
  assert.equal(standing.level, 'advanced')
  assert.deepEqual(
    [standing.successes, standing.failures, standing.timeWeight, standing.updatedAt],
    [0, 0, 0, 77],
  )
})

test('STAND-2 evidence halves in 180 days or 200 outcomes, whichever is sooner', () => {
  const one = after(fresh('advanced'), [true])
  const later = observe(one, { success: false, weight: 1, requiredRank: 2 }, defaultLevels, 180 * day)
  assert.ok(Math.abs(later.successes - 0.5) < 1e-9)
  assert.equal(later.failures, 1)

  const busy = after(after(fresh('advanced'), [false]), times(200, true))
  assert.ok(Math.abs(busy.failures - 0.5) < 1e-5)

  // A clock that runs backwards makes nothing fresher.
  const back = observe(later, { success: true, weight: 1, requiredRank: 2 }, defaultLevels, 0)
  assert.ok(back.successes <= 1.5 && back.updatedAt === later.updatedAt)
})

test('STAND-3 an outcome of weight 0 changes nothing, and shares of blame count as shares', () => {
  const before = after(fresh('expert'), [true, true])
  assert.equal(observe(before, { success: false, weight: 0, requiredRank: 3 }, defaultLevels, 9), before)
  const half = after(fresh('expert'), [false], { weight: 0.5, requiredRank: 3 })
  const whole = after(fresh('expert'), [false], { requiredRank: 3 })
  assert.equal(half.failures, 0.5)
  const doubt = (standing: SkillStanding): number => standing.fits?.[0] ?? Number.NaN
  assert.ok(doubt(whole) > doubt(half) && doubt(half) > (claimedFits(3, 4)[0] ?? 0))
})

test('STAND-4 the level rises only on four outcomes, by one step, and only by work at the level itself', () => {
  assert.equal(after(fresh('advanced'), times(3, true), { requiredRank: 3 }).level, 'advanced')
  assert.equal(after(fresh('advanced'), times(20, true)).level, 'expert')
  assert.equal(after(fresh('expert'), times(20, true), { requiredRank: 3 }).level, 'expert')
  // A thousand easy tasks make no expert: the next level at most.
  assert.equal(after(fresh('novice'), times(1000, true), { requiredRank: 0 }).level, 'intermediate')
})

test('STAND-5 one failure takes no level, a row of failures does, and below the lowest there is none', () => {
  for (const level of defaultLevels) {
    const requiredRank = rankOf(defaultLevels, level) ?? 0
    assert.equal(after(fresh(level), [false], { requiredRank }).level, level)
  }
  assert.equal(after(fresh('expert'), times(3, false), { requiredRank: 3 }).level, 'advanced')
  assert.equal(after(fresh('novice'), times(50, false), { requiredRank: 0 }).level, 'novice')
  // Failing at what is far above one's level proves little.
  assert.equal(after(fresh('novice'), times(10, false), { requiredRank: 3 }).level, 'novice')
})

test('STAND-6 a promoted agent that begins to fail loses its level again', () => {
  const promoted = after(fresh('advanced'), times(200, true))
  assert.equal(promoted.level, 'expert')
  assert.notEqual(after(promoted, times(40, false)).level, 'expert')
})

/**
 * Agents of which 30 % claim one or two levels too much, seen in turns: how many have their true level after 20 and
 * after 50 outcomes of work at their level, or sometimes below. `usual` is how often work of the own level succeeds.
 */
function levelling(
  usual: number,
  seed: number,
): { start: number; twenty: number; fifty: number; overrated: number } {
  const random = seeded(seed)
  const population = new Population()
  const agents = Array.from({ length: 600 }, () => {
    const truth = Math.floor(random() * 4)
    const boast = random() < 0.3 ? 1 + Math.floor(random() * 2) : 0
    return { truth, standing: fresh(defaultLevels[Math.min(3, truth + boast)] ?? 'expert') }
  })
  const rank = (agent: (typeof agents)[number]): number => rankOf(defaultLevels, agent.standing.level) ?? -1
  const exact = (): number => agents.filter((agent) => rank(agent) === agent.truth).length / agents.length
  const seen = { start: exact(), twenty: 0, fifty: 0, overrated: 0 }
  for (let k = 1; k <= 50; k++) {
    for (const agent of agents) {
      const believed = rank(agent)
      const requiredRank = random() < 0.6 ? believed : Math.floor(random() * (believed + 1))
      const p = 1 / (1 + ((1 - usual) / usual) * Math.exp(-1.8 * (agent.truth - requiredRank)))
      const prior = population.priorOf(agent.standing.skill, defaultLevels[requiredRank] ?? '')
      const verdict = { success: random() < p, weight: 1, requiredRank }
      const next = observe(agent.standing, verdict, defaultLevels, 0, { prior })
      population.move(k === 1 ? undefined : agent.standing, next)
      agent.standing = next
    }
    if (k === 20) {
      seen.twenty = exact()
      seen.overrated = agents.filter((agent) => rank(agent) > agent.truth).length / agents.length
    }
  }
  return { ...seen, fifty: exact() }
}

test('STAND-7 of agents of which 30 % overclaim, nine of ten have their true level after 20 outcomes', () => {
  for (const usual of [0.5, 0.7, 0.85]) {
    const { start, twenty, fifty, overrated } = levelling(usual, 11)
    const said = `usual ${usual}: ${start} at the start, ${twenty} after 20, ${fifty} after 50, ${overrated} overrated`
    assert.ok(start < 0.8 && twenty >= 0.9 && fifty >= 0.95 && overrated <= 0.07, said)
  }
})

test('STAND-8 levels may be any number: two, or seven', () => {
  for (const count of [2, 7]) {
    const levels = Array.from({ length: count }, (_, i) => `L${i}`)
    const top = after(fresh('L0'), times(400, true), { requiredRank: count - 1 }, levels)
    assert.equal(top.level, `L${count - 1}`)
    const bottom = after(top, times(800, false), { requiredRank: 0 }, levels)
    assert.equal(bottom.level, 'L0')
  }
})

test('STAND-9 blame is the probability of having failed, given that somebody did', () => {
  assert.deepEqual(blame([]), [])
  assert.deepEqual(blame([0.4]), [1])
  assert.deepEqual(blame([1, 0.5, 1]), [0, 1, 0])
  assert.deepEqual(blame([1, 1]), [0.5, 0.5])
  const success = [0.9, 0.6, 0.75]
  // By enumeration of all outcomes in which somebody failed.
  const expected = success.map((_, who) => {
    let failed = 0
    let any = 0
    for (let outcome = 0; outcome < 7; outcome++) {
      const p = success.reduce((product, s, i) => product * ((outcome >> i) & 1 ? s : 1 - s), 1)
      any += p
      if (((outcome >> who) & 1) === 0) failed += p
    }
    return failed / any
  })
  blame(success).forEach((share, i) => {
    assert.ok(Math.abs(share - (expected[i] ?? NaN)) < 1e-12)
  })
})

test('STAND-10 of ten durations nine stay below the stated latest time, for steady and for erratic agents', () => {
  const random = seeded(3)
  for (const spread of [0.2, 0.6, 1]) {
    let below = 0
    let all = 0
    for (let agent = 0; agent < 60; agent++) {
      const median = Math.log(1000) + 2 * drawNormal(random)
      let standing = fresh('expert')
      for (let k = 0; k < 120; k++) {
        const tookMs = Math.exp(median + spread * drawNormal(random))
        const { latestMs } = estimate(standing, claim('expert'))
        if (k >= 20 && latestMs !== undefined) {
          all++
          if (tookMs <= latestMs) below++
        }
        standing = after(standing, [true], { tookMs })
      }
    }
    const coverage = below / all
    assert.ok(coverage > 0.87 && coverage < 0.96, `spread ${spread}: ${coverage}`)
  }
})

test('STAND-11 durations follow a change within twenty tasks or so', () => {
  const slow = after(fresh('expert'), times(100, true), { tookMs: 10_000 })
  const fast = after(slow, times(40, true), { tookMs: 100 })
  const typical = Math.exp(fast.timeMean)
  assert.ok(typical < 400, `${typical}`)
})

test('STAND-12 work that was given up counts as longer than the time it had, not as that time', () => {
  const known = after(fresh('expert'), times(20, true), { tookMs: 1000 })
  const quickFailure = after(known, [false], { tookMs: 1 })
  assert.ok(
    Math.abs(quickFailure.timeMean - known.timeMean) < 0.01,
    'a quick failure does not look like speed',
  )
  const gaveUp = after(known, times(5, false), { tookMs: 20_000 })
  assert.ok(gaveUp.timeMean > known.timeMean + 0.3, 'a late one looks slow')
  const never = after(fresh('expert'), [false], { tookMs: 5000 })
  assert.ok(Math.exp(never.timeMean) > 5000, 'who never succeeded takes longer than all its tries')
  assert.ok(Number.isFinite(after(known, [false], { tookMs: 1e15 }).timeM2))
})

test('STAND-16 how many times longer than stated an agent takes is learned, of work of any size', () => {
  const pace = (standing: SkillStanding): number => paceOf(standing.pace)
  assert.equal(pace(fresh('expert')), 1)
  assert.equal(after(fresh('expert'), times(5, true), { tookMs: 5 }).pace, undefined)
  let slow = fresh('expert')
  for (let i = 0; i < 30; i++) {
    const statedMs = [10, 1_000, 100_000][i % 3] ?? 0
    slow = after(slow, [true], { tookMs: 4 * statedMs, statedMs })
  }
  assert.ok(pace(slow) > 3 && pace(slow) < 4, `${pace(slow)}`)
  assert.deepEqual(after(slow, [false], { tookMs: 10, statedMs: 1_000 }).pace, slow.pace, 'a quick failure')
  assert.ok(pace(after(slow, [false], { tookMs: 50_000, statedMs: 1_000 })) > pace(slow), 'a late one')
  const faster = after(slow, times(40, true), { tookMs: 1_000, statedMs: 1_000 })
  assert.ok(pace(faster) < 1.5, `${pace(faster)}`)
})

test('STAND-14 an agent that has changed is soon believed to have, and one that has not is left in peace', () => {
  const random = seeded(21)
  const played = (standing: SkillStanding, rate: number, count: number): SkillStanding => {
    return after(
      standing,
      Array.from({ length: count }, () => random() < rate),
    )
  }
  const rateOf = ({ successes, failures }: SkillStanding): number => successes / (successes + failures)
  const changed = { worse: 0, better: 0 }
  let kept = 0
  const count = 200
  for (let i = 0; i < count; i++) {
    changed.worse += rateOf(played(played(fresh('advanced'), 0.9, 100), 0.3, 30)) / count
    changed.better += rateOf(played(played(fresh('advanced'), 0.3, 100), 0.9, 30)) / count
    const steady = played(fresh('advanced'), 0.8, 100)
    kept += (steady.successes + steady.failures) / count
  }
  // Without the alarm: 0.76 and 0.44.
  assert.ok(changed.worse < 0.5 && changed.better > 0.65, JSON.stringify(changed))
  const whole = times(100, true).reduce((sum) => sum * 2 ** (-1 / 200) + 1, 0)
  assert.ok(kept > 0.85 * whole, `${kept} of ${whole}`)
})

test('STAND-15 what a silent end teaches, its level is not part of', () => {
  const before = after(fresh('expert'), [true, false, true], { requiredRank: 3 })
  const later = after(before, times(6, false), { requiredRank: 3 })
  assert.notEqual(later.level, 'expert')
  const absent = withoutLevel(later, before)
  assert.deepEqual([absent.level, absent.fits, absent.own], [before.level, before.fits, before.own])
  assert.equal(absent.failures, later.failures)
  const never = withoutLevel(after(fresh('expert'), [false]), fresh('expert'))
  assert.ok(!('fits' in never) && !('own' in never))
})

test('STAND-13 five outcomes make an agent proven, four do not, and shares count as shares', () => {
  assert.equal(isProven(after(fresh('expert'), times(4, true))), false)
  assert.equal(isProven(after(fresh('expert'), [true, false, true, true, false])), true)
  assert.equal(isProven(after(fresh('expert'), times(9, false), { weight: 0.5 })), false)
})
