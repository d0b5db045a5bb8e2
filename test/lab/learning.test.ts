/** The worlds of the benchmarks `learning` and `scale`, in small: what is measured there holds here in short. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CrowdedHub } from '../../bench/scale/crowd.ts'
import { choicesOf, type Score } from '../../lab/learning/choice.ts'
import { playLevels } from '../../lab/learning/levels.ts'
import { playChoices } from '../../lab/learning/network.ts'
import { dispatch, rules } from '../../lab/learning/rules.ts'

const world = { agents: 60, skills: 4, jobs: 2_000, load: 0.3, changing: 0 }

test('SEEN-8 the hub gives newcomers their chance, and regrets less than the rule of the raw rate', () => {
  const { rawRate } = rules
  assert.ok(rawRate)
  const mean = (scores: readonly Score[], of: keyof Score): number => {
    return scores.reduce((sum, score) => sum + score[of], 0) / scores.length
  }
  const worlds = [1, 2, 3].map((seed) => choicesOf(seed, world))
  const hub = worlds.map((choices, i) => playChoices(choices, i))
  const raw = worlds.map((choices, i) => dispatch(choices, rawRate, i))
  const said = JSON.stringify({ hub, raw })
  assert.ok(mean(hub, 'regret') < 0.8 * mean(raw, 'regret'), said)
  assert.ok(mean(hub, 'success') > mean(raw, 'success'), said)
  assert.ok(mean(hub, 'triedWithin50') >= 0.95 && mean(raw, 'everTried') < 0.5, said)
})

test('SEEN-9 levels that were claimed too high are corrected by the outcomes of the work that the hub gives', () => {
  const options = { agents: 60, boasting: 0.3, usual: 0.7, outcomes: 20, jobsMax: 3_000 }
  const scores = [1, 2, 3].map((seed) => playLevels(seed, options))
  const mean = (of: keyof (typeof scores)[number]): number => {
    return scores.reduce((sum, score) => sum + score[of], 0) / scores.length
  }
  assert.ok(mean('exactAtStart') < 0.85 && mean('exact') >= 0.9, JSON.stringify(scores))
  assert.ok(mean('reached') > 0.8, JSON.stringify(scores))
})

test('SEEN-8 the same seed gives the same choices, by the hub and by every rule', () => {
  const choices = choicesOf(4, { ...world, jobs: 200 })
  assert.deepEqual(playChoices(choices, 9), playChoices(choicesOf(4, { ...world, jobs: 200 }), 9))
  for (const rule of Object.values(rules))
    assert.deepEqual(dispatch(choices, rule, 9), dispatch(choices, rule, 9))
})

test('GROUP-1 in a crowd with many groups at work every task finds its group at once, and lets all of it go', () => {
  const hub = new CrowdedHub(3)
  for (let i = 0; i < 2_000; i++) hub.join(i, 3)
  for (let i = 0; i < 50; i++) hub.form()
  for (let i = 0; i < 300; i++) {
    hub.form()
    hub.finishOldest()
  }
  for (let i = 0; i < 50; i++) hub.finishOldest()
  assert.equal(hub.busySlots, 0)
})
