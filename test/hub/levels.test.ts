/** At which level an agent is asked: by evidence, or by what it claims. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { World } from '../../lab/world.ts'
import { type Configuration, defaultConfiguration } from '../../src/protocol/limits.ts'

/** How a task that asks for an expert ends, when the only one who says so fails again and again. */
async function endedWith(levelsBy: Configuration['levelsBy']): Promise<string> {
  let reason = 'it has not ended'
  const world = new World({
    seed: 1,
    configuration: { ...defaultConfiguration, ...(levelsBy === undefined ? {} : { levelsBy }) },
    watch: (happening) => {
      if (happening.kind === 'durable' && happening.fact.kind === 'task.ended')
        reason = happening.fact.reason?.code ?? 'completed'
    },
  })
  world.openHub()
  await world.openDesk('desk')
  await world.join({ id: 'bob', skills: [{ name: 'parsing', level: 'expert' }], workMs: 1_000, fails: 99 })
  await world.timeline.settle()
  const requires = [{ skill: 'parsing', level: 'expert' }]
  world.announce('desk', { id: 'a', description: 'a', requires, maxAttempts: 40, deadlineMs: 500_000 })
  await world.timeline.runUntil(600_000)
  return reason
}

test('SEEN-5 a level that is claimed as a certificate is not lost by failures', async () => {
  assert.equal(await endedWith('claim'), 'E_ATTEMPTS')
  assert.equal(await endedWith('evidence'), 'E_DEADLINE')
  assert.equal(await endedWith(undefined), 'E_DEADLINE')
})
