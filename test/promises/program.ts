/**
 * The program that is killed: opens a network on a file, has agents that write every end of their work into a log
 * before they return, and announces in a loop. It prints the id of each task once it is acknowledged.
 * Must never happen here: an id printed before its announcement was acknowledged.
 */
import { appendFileSync, writeSync } from 'node:fs'
import { Network } from '../../src/index.ts'

const [file, log, prefix, durability] = process.argv.slice(2)
if (file === undefined || log === undefined || prefix === undefined)
  throw new Error('FILE LOG PREFIX [DURABILITY]')
const network = await Network.open(file, { durability: durability === 'normal' ? 'normal' : 'full' })

const skills = ['clean', 'train', 'check']
for (const id of ['ada', 'bob', 'cyd', 'dan']) {
  await network.join({
    id,
    maxConcurrentTasks: 50,
    skills: skills.map((name) => ({ name })),
    async perform({ task, epoch, skills }, { checkpoint }) {
      await checkpoint({ by: id })
      await new Promise((resolve) => setTimeout(resolve, (task.length * 7 + epoch) % 13))
      for (const skill of skills) appendFileSync(log, `${task} ${skill} ${epoch} ${id}\n`)
      return { by: id, epoch }
    },
  })
}

for (let i = 0; ; i++) {
  const id = `${prefix}-${i}`
  const count = 1 + (i % 3)
  await network.announce({
    id,
    description: 'Survive',
    payload: { i },
    requires: skills.slice(0, count).map((skill) => ({ skill, count: 1 + (i % 2) })),
    ...(i % 5 === 4 ? { dependsOn: [`${prefix}-${i - 1}`] } : {}),
  })
  writeSync(1, `${id}\n`)
}
