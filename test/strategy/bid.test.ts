import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SkillName, TaskId } from '../../src/protocol/id.ts'
import type { Call } from '../../src/protocol/message.ts'
import { defaultLevels } from '../../src/protocol/skill.ts'
import { acceptOrReject, offerOrDecline, type Self } from '../../src/strategy/bid.ts'

const baking = 'baking' as SkillName
const frying = 'frying' as SkillName

const self: Self = {
  busy: 1,
  capacity: 2,
  leaving: false,
  skills: [
    { name: baking, level: 'intermediate', meanTimeMs: 500 },
    { name: frying, level: 'expert' },
  ],
}

const call: Call = {
  task: 'dinner' as TaskId,
  description: 'Cook',
  priority: 'normal',
  needs: [
    { skill: baking, level: 'intermediate', count: 1 },
    { skill: frying, level: 'novice', count: 2 },
  ],
}

for (const judge of [offerOrDecline, acceptOrReject]) {
  const codeOf = (me: Self, asked: Call): string | undefined => judge(me, asked, defaultLevels, 1000)?.code

  test(`BID-1 an agent with the skills, a free slot and enough time says yes: ${judge.name}`, () => {
    assert.equal(codeOf(self, call), undefined)
    assert.equal(codeOf(self, { ...call, deadlineAt: 1500 }), undefined)
  })

  test(`BID-2 an agent says no when it leaves, lacks a skill, is late, or has no slot: ${judge.name}`, () => {
    assert.equal(codeOf({ ...self, leaving: true }, call), 'E_LEAVING')
    const lacking = judge({ ...self, skills: self.skills.slice(0, 1) }, call, defaultLevels, 1000)
    assert.equal(lacking?.code, 'E_NOT_SKILLED')
    assert.match(lacking?.message ?? '', /"frying"/)
    assert.equal(codeOf(self, { ...call, deadlineAt: 1000 }), 'E_TOO_LATE')
    assert.equal(codeOf(self, { ...call, deadlineAt: 1499 }), 'E_TOO_LATE')
    assert.equal(codeOf({ ...self, busy: 2 }, call), 'E_BUSY')
  })

  test(`BID-3 the reason that will not change comes before the one that may: ${judge.name}`, () => {
    const worst = { ...self, leaving: true, busy: 2, skills: [] }
    const late = { ...call, deadlineAt: 1 }
    assert.equal(codeOf(worst, late), 'E_LEAVING')
    assert.equal(codeOf({ ...worst, leaving: false }, late), 'E_NOT_SKILLED')
    assert.equal(codeOf({ ...self, busy: 2 }, late), 'E_TOO_LATE')
  })

  test(`BID-4 a call above the claimed level is a promotion; a level that is unknown is refused: ${judge.name}`, () => {
    const needs = (level: string): Call => ({ ...call, needs: [{ skill: baking, level, count: 1 }] })
    assert.equal(codeOf(self, needs('expert')), undefined)
    assert.equal(codeOf(self, needs('wizard')), 'E_BAD_LEVEL')
  })
}
