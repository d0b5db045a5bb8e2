/**
 * Projects by chance on the shipped hub and agents, and the checker that judges what they did.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makespan, type Shift, violations } from '../../bench/projects/checker.ts'
import { readImopse } from '../../bench/projects/imopse.ts'
import { readMslib } from '../../bench/projects/mslib.ts'
import { readMspsp } from '../../bench/projects/mspsp.ts'
import type { Project } from '../../bench/projects/project.ts'
import { readRcmpsp } from '../../bench/projects/rcmpsp.ts'
import { type Mode, play, unitMs } from '../../bench/projects/run.ts'
import { stretches } from '../../bench/projects/stretch.ts'
import { readWfinstances } from '../../bench/projects/wfinstances.ts'
import { seeded } from '../../src/strategy/random.ts'
import { problemOf } from '../strategy/project-problems.ts'

/** A project by the published recipe, with levels of its own making. */
function projectOf(seed: number): Project {
  const random = seeded(seed)
  const recipe = {
    tasks: 8,
    agents: 6,
    types: 3,
    complexity: 1.8,
    skillFactor: 0.6,
    countMax: 2,
    durationMax: 9,
  }
  const { tasks, agents } = problemOf(recipe, random)
  return {
    name: `made-${seed}`,
    set: 'made',
    levels: ['low', 'middle', 'high'],
    reference: 1,
    activities: tasks.map(({ durationMs, needs, after }, j) => ({
      id: `a${j}`,
      duration: durationMs,
      // The first skill is asked for at two levels where two are needed.
      needs: needs.flatMap(({ type, count }) =>
        type === 0 && count === 2
          ? [0, 1].map((rank) => ({ skill: 's0', rank, count: 1 }))
          : [{ skill: `s${type}`, rank: 0, count }],
      ),
      after: after.map((before) => `a${before}`),
    })),
    workers: agents.map(({ types }, w) => {
      return { id: `w${w}`, skills: types.map((type) => ({ skill: `s${type}`, rank: type === 0 ? 2 : 0 })) }
    }),
  }
}

async function lengthOf(project: Project, mode: Mode): Promise<{ length: number; shifts: readonly Shift[] }> {
  const { shifts, begunAt } = await play(project, mode)
  assert.deepEqual(violations(project, shifts, unitMs), [], `${project.name}, ${mode}`)
  return { length: makespan(shifts, begunAt, unitMs), shifts }
}

test('AHEAD-5 what the network does of a project is a valid schedule, and looking ahead shortens it', async () => {
  let live = 0
  let planned = 0
  for (let seed = 1; seed <= 12; seed++) {
    const project = projectOf(seed)
    await lengthOf(project, 'ready')
    live += (await lengthOf(project, 'live')).length
    const { length } = await lengthOf(project, 'planned')
    planned += length
  }
  assert.ok(planned < live, `${planned} planned, ${live} live`)
})

test('the checker sees every kind of mistake', async () => {
  const project = projectOf(5)
  const { shifts } = await lengthOf(project, 'live')
  const dependent = project.activities.find(({ after }) => after.length > 0)
  const [first] = shifts
  assert.ok(first !== undefined && dependent !== undefined)
  const at = (id: string, change: (shift: Shift) => Shift): Shift[] =>
    shifts.map((shift) => (shift.activity === id ? change(shift) : shift))
  const wrongs: readonly (readonly [RegExp, readonly Shift[]])[] = [
    [/was never begun/, shifts.filter(({ activity }) => activity !== 'a0')],
    [/has \d+ of \d+ workers/, shifts.slice(1)],
    [/instead of/, at('a0', (shift) => ({ ...shift, ends: shift.ends + unitMs }))],
    [
      /begins before/,
      at(dependent.id, (shift) => ({ ...shift, begins: 0, ends: shift.ends - shift.begins })),
    ],
    [/cannot do/, shifts.map((shift) => ({ ...shift, worker: 'nobody' }))],
    [/two places/, shifts.map((shift) => ({ ...shift, worker: 'w0' }))],
    [/at once/, shifts.map((shift) => ({ ...shift, worker: 'w0' }))],
    [/do not begin and end together/, [...shifts, { ...first, worker: 'w9', begins: first.begins + 1 }]],
    [/there is no activity/, [...shifts, { ...first, activity: 'zz' }]],
    [/a place in .* that it does not have/, [...shifts, { ...first, worker: 'w9', need: 99 }]],
  ]
  for (const [message, wrong] of wrongs) {
    assert.ok(
      violations(project, wrong, unitMs).some((line) => message.test(line)),
      `${message}`,
    )
  }
})

test('the readers understand the three formats', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'convoke-projects-'))
  try {
    await writeFile(join(folder, 'inst_set9_x.dzn'), dzn)
    await writeFile(join(folder, 'y.def'), def)
    await writeFile(join(folder, 'z.msrcp'), msrcp)
    const head = 'instance,makespan_published,lower_bound,best_upper_bound,contention'
    await writeFile(
      join(folder, 'best_known.csv'),
      `${head}\nset9_x,7,,,\ny,,8,,\nz,,,9,heavy\nunknown,1,1,1,\n`,
    )
    const [x] = readMspsp(folder)
    assert.deepEqual([x?.name, x?.set, x?.reference], ['set9_x', 'set9', 7])
    assert.deepEqual(x?.activities[1], {
      id: 'a2',
      duration: 3,
      needs: [{ skill: 's2', rank: 0, count: 2 }],
      after: ['a1'],
    })
    assert.deepEqual(
      x?.workers.map(({ skills }) => skills.map(({ skill }) => skill)),
      [['s1'], ['s1', 's2']],
    )
    const [y] = readImopse(folder)
    assert.deepEqual([y?.name, y?.set, y?.reference], ['y', 'small', 8])
    assert.deepEqual(y?.workers[0]?.skills, [
      { skill: 'Q8', rank: 2 },
      { skill: 'Q0', rank: 0 },
    ])
    assert.deepEqual(y?.activities[1], {
      id: 'a2',
      duration: 21,
      needs: [{ skill: 'Q0', rank: 1, count: 1 }],
      after: ['a1'],
    })
    const [z] = readMslib(folder)
    assert.deepEqual([z?.name, z?.set, z?.reference, z?.levels.length], ['z', 'heavy', 9, 5])
    assert.deepEqual(z?.activities[1], {
      id: 'a2',
      duration: 7,
      needs: [
        { skill: 's1', rank: 1, count: 1 },
        { skill: 's1', rank: 3, count: 1 },
        { skill: 's2', rank: 4, count: 1 },
      ],
      after: ['a1'],
    })
    assert.deepEqual(z?.workers[1]?.skills, [{ skill: 's2', rank: 2 }])
    assert.throws(() => readMspsp(tmpdir()), /there is no/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('workflows are read so that each task comes after its parents, against the bound of their work', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'workflows-'))
  const tasks = [
    { id: 'last', parents: ['left', 'right'] },
    { id: 'left', parents: ['first'] },
    { id: 'right', parents: ['first'] },
    { id: 'first', parents: [] },
    ...Array.from({ length: 40 }, (_, i) => ({ id: `alone${i}`, parents: [] })),
  ]
  const seconds: Record<string, number> = { first: 1.01, left: 0, right: 2, last: 1 }
  const execution = { tasks: tasks.map(({ id }) => ({ id, runtimeInSeconds: seconds[id] ?? 1 })) }
  try {
    await writeFile(
      join(folder, 'w.json'),
      JSON.stringify({ workflow: { specification: { tasks }, execution } }),
    )
    const [w] = readWfinstances(folder)
    assert.deepEqual(
      w?.activities.slice(0, 4).map(({ id, duration, after, needs }) => [id, duration, after, needs.length]),
      [
        ['t1', 1.03125, [], 1],
        ['t2', 0, ['t1'], 0],
        ['t3', 2, ['t1'], 1],
        ['t4', 1, ['t2', 't3'], 1],
      ],
    )
    assert.equal(w?.workers.length, 8)
    assert.equal(w?.reference, (1.03125 + 2 + 1 + 40) / 8)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('projects of several initiators share their workers, and how far each is delayed is told', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'several-'))
  const project = '4 0\n1 1\n0 0 0 2 1:2 1:3\n3 2 0 1 1:4\n2 1 1 1 1:4\n0 0 0 0\n'
  try {
    await writeFile(join(folder, 'two.txt'), `2\n2\n2 1\n${project}${project.replaceAll('1:', '2:')}`)
    await writeFile(join(folder, 'best_known.csv'), 'instance,best_known_makespan\ntwo.txt,10\n')
    const [two] = readRcmpsp(folder)
    assert.ok(two !== undefined)
    assert.deepEqual(
      two.workers.map(({ id }) => id),
      ['w1-1', 'w1-2', 'w2-1'],
    )
    assert.deepEqual(two.activities[6], {
      id: '2-3',
      initiator: 'p2',
      duration: 2,
      needs: [
        { skill: 'kind-1', rank: 0, count: 1 },
        { skill: 'kind-2', rank: 0, count: 1 },
      ],
      after: ['2-1'],
    })
    for (const mode of ['live', 'planned', 'ready'] as const) {
      const { shifts, begunAt } = await play(two, mode)
      assert.deepEqual(violations(two, shifts, unitMs), [])
      // Alone each takes at least 4, half of what the two workers of the first kind have to do for it.
      const ends: readonly number[] = stretches(two, shifts, begunAt, unitMs).map((stretch) => 4 * stretch)
      assert.equal(Math.floor(Math.max(...ends)), 10)
      assert.ok(Math.min(...ends) >= 5, `${ends}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

const dzn = `% a comment = 1;
mint = 3;
nActs = 3;
dur = [0,3,0];
nSkills = 2;
sreq = [| 0,0,
	| 0,2,
	| 0,0, |];
nResources = 2;
mastery = [| true,false,
	| true,true, |];
pred = [1,2];
succ = [2,3];
USEFUL_RES = [{},{1,2},{}];
`

const def = `Tasks: 2
ResourceID \t Salary \t Skills 
1\t \t\t95.5\t \t Q8: 2 \t  Q0: 0 \t 
TaskID \t Duration \t Skill \t Predecessor IDs 
1\t \t\t26\t Q8: 2\t \t
2\t \t\t21\t Q0: 1\t \t1\t
`

const msrcp = `\\* Project Module *\\ 
3\t2\t2\t5

39

38

0\t1\t2 
7\t1\t3 
0\t0

\\* Workforce Module *\\ 
1\t0
0\t1

\\* Workforce Module with Skill Levels *\\ 
4\t0
0\t3

\\* Skill Requirements Module *\\ 
0\t0
2\t1
0\t0

\\* Skill Level Requirements Module *\\ 
-1
2 4 5 
-1

\\* Cost Module
100\t1
`
