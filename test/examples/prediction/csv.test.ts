import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanCell, kindOf, numberOf } from '../../../examples/prediction/cells.ts'
import { csvOf } from '../../../examples/prediction/files.ts'
import { Problem, type ProblemCode } from '../../../examples/prediction/problem.ts'
import { type Answer, readRaw, readTable } from '../../../examples/prediction/table.ts'
import { directoryFor, fileFor } from './tables.ts'

const many = (rows: number, line: (row: number) => string): string =>
  Array.from({ length: rows }, (_, row) => `${line(row)}\n`).join('')

interface Wrong {
  readonly what: string
  readonly csv: string
  readonly code: ProblemCode
  readonly says: RegExp
  readonly target?: string
  readonly answer?: Answer
}

const wrongTables: readonly Wrong[] = [
  { what: 'an empty file', csv: '', code: 'E_CSV_EMPTY', says: /is empty/ },
  { what: 'a file of blank lines', csv: '\n \n\n', code: 'E_CSV_EMPTY', says: /is empty/ },
  { what: 'a header alone', csv: 'a,y\n', code: 'E_CSV_NO_ROWS', says: /no rows/ },
  { what: 'a binary file', csv: 'a,y\n\u0000\u0001,2\n', code: 'E_CSV_NOT_TEXT', says: /not a text file/ },
  { what: 'a row that is too long', csv: 'a,y\n1,0\n1,0,3\n', code: 'E_CSV_RAGGED', says: /line 3/ },
  { what: 'a row that is too short', csv: 'a,y\n1\n', code: 'E_CSV_RAGGED', says: /line 2/ },
  { what: 'an open quote', csv: 'a,y\n"1,0\n1,1\n', code: 'E_CSV_SYNTAX', says: /not valid CSV/ },
  {
    what: 'a column without a name',
    csv: 'a,,y\n1,2,0\n',
    code: 'E_CSV_HEADER',
    says: /column 2 has no name/,
  },
  { what: 'a name twice', csv: 'a,a,y\n1,2,0\n', code: 'E_CSV_HEADER', says: /two columns are called "a"/ },
  { what: 'no such target', csv: 'a,b\n1,2\n', code: 'E_CSV_NO_TARGET', says: /no column "y"/ },
  {
    what: 'one class only',
    csv: `a,y\n${many(30, (row) => `${row},no`)}`,
    code: 'E_CSV_ONE_CLASS',
    says: /"no"/,
  },
  {
    what: 'an empty target',
    csv: `a,y\n${many(30, (row) => `${row},`)}`,
    code: 'E_CSV_ONE_CLASS',
    says: /no value/,
  },
  {
    what: 'three classes',
    csv: `a,y\n${many(60, (row) => `${row},${['red', 'green', 'blue'][row % 3]}`)}`,
    code: 'E_CSV_MANY_CLASSES',
    says: /3 values/,
  },
  {
    what: 'a target of numbers',
    csv: `a,y\n${many(60, (row) => `${row},${row * 1.5}`)}`,
    code: 'E_CSV_NUMBER_TARGET',
    says: /60 different numbers/,
  },
  {
    what: 'numbers that are all below the bound',
    csv: `a,y\n${many(60, (row) => `${row},${row}`)}`,
    answer: { kind: 'above', number: 100 },
    code: 'E_CSV_ONE_CLASS',
    says: /not above 100/,
  },
  {
    what: 'too few of one class',
    csv: `a,y\n${many(60, (row) => `${row},${row < 4 ? 'yes' : 'no'}`)}`,
    code: 'E_CSV_TOO_FEW',
    says: /4 rows say yes/,
  },
  {
    what: 'an answer that no row has',
    csv: `a,y\n${many(60, (row) => `${row},${row % 2}`)}`,
    answer: { kind: 'positive', value: 'yes' },
    code: 'E_USAGE',
    says: /no value "yes"/,
  },
]

function problemOf(work: () => unknown): Problem {
  try {
    work()
  } catch (cause) {
    assert.ok(cause instanceof Problem, String(cause))
    return cause
  }
  assert.fail('nothing was wrong')
}

for (const { what, csv, code, says, target, answer } of wrongTables) {
  test(`DEMO-1 ${what} is ${code}`, (t) => {
    const question = { target: target ?? 'y', answer: answer ?? ({ kind: 'rarer' } as const), seed: 1 }
    const problem = problemOf(() => readTable(fileFor(t, csv), question))
    assert.equal(problem.code, code)
    assert.match(problem.message, says)
    assert.doesNotMatch(problem.message, /\n/)
  })
}

test('DEMO-1 a file that is not there, or is a directory, is E_CSV_UNREADABLE', (t) => {
  const directory = directoryFor(t)
  assert.equal(problemOf(() => readRaw(join(directory, 'no.csv'))).code, 'E_CSV_UNREADABLE')
  assert.match(problemOf(() => readRaw(directory)).message, /is a directory/)
})

test('DEMO-1 what is refused can be asked with the hint: --above, --negative, --positive', (t) => {
  const file = fileFor(t, `a,y\n${many(60, (row) => `${row},${row % 3}`)}`)
  const share = (answer: Answer): number =>
    readTable(file, { target: 'y', answer, seed: 1 }).labels.filter((label) => label === 1).length
  assert.equal(share({ kind: 'above', number: 0 }), 40)
  assert.equal(share({ kind: 'negative', value: '0' }), 40)
  assert.equal(share({ kind: 'positive', value: '2' }), 20)
})

test('DEMO-2 rows without an answer are left out and counted, and the rarer answer means yes', (t) => {
  const file = fileFor(
    t,
    `a,y\n${many(50, (row) => `${row},${row % 5 === 0 ? 'N/A' : row % 5 === 1 ? 'up' : 'down'}`)}`,
  )
  const table = readTable(file, { target: 'y', answer: { kind: 'rarer' }, seed: 1 })
  assert.equal(table.unanswered, 10)
  assert.equal(table.positive, 'up')
  assert.equal(table.labels.length, 40)
})

test('DEMO-2 semicolons, tabs, a byte order mark and Windows line ends are read', (t) => {
  assert.deepEqual(readRaw(fileFor(t, '\ufeffa;b\r\n"1;2";3\r\n')), {
    header: ['a', 'b'],
    rows: [['1;2', '3']],
  })
  assert.deepEqual(readRaw(fileFor(t, 'a\tb\n1,5\t2\n')), { header: ['a', 'b'], rows: [['1,5', '2']] })
})

test('DEMO-2 a sample keeps the share of each class and is the same for the same seed', (t) => {
  const file = fileFor(t, `a,y\n${many(1000, (row) => `${row},${row % 10 === 0 ? 1 : 0}`)}`)
  const question = { target: 'y', answer: { kind: 'rarer' }, rows: 200, seed: 4 } as const
  const table = readTable(file, question)
  assert.equal(table.rows.length, 200)
  assert.equal(table.labels.filter((label) => label === 1).length, 20)
  assert.deepEqual(readTable(file, question), table)
  assert.notDeepEqual(readTable(file, { ...question, seed: 5 }).numbers, table.numbers)
})

test('DEMO-2 cells are read as numbers, dates and words', () => {
  const numbers = ['12', '-3.5', '1,234', '$99.90', '12 %', '1e-3', '.5', '+7']
  assert.deepEqual(numbers.map(numberOf), [12, -3.5, 1234, 99.9, 12, 0.001, 0.5, 7])
  for (const text of ['', '.', '-', '1-2', '1,23', '12a', '0x10', '1 2', 'e5'])
    assert.equal(numberOf(text), null, text)
  assert.equal(kindOf(['1', 'n/a', '', '3']), 'number')
  assert.equal(kindOf(['1', 'two', '3']), 'category')
  assert.equal(kindOf(['2001-12-31', '12/31/2001']), 'date')
  assert.equal(kindOf(['', '?']), 'category')
  assert.equal(cleanCell('12/31/2001', 'date'), '2001-12-31')
  assert.equal(cleanCell('  New   York ', 'category'), 'New York')
  assert.equal(cleanCell('many', 'number'), null)
})

test('DEMO-2 what is written as CSV is read as it was', (t) => {
  const field = fc.string({ unit: fc.constantFrom('a', ' ', '"', ',', ';', '\n', 'é', "'"), maxLength: 6 })
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 5 }), (rows) => {
      const file = fileFor(t, csvOf([['first', 'second'], ...rows]))
      assert.deepEqual(
        readRaw(file).rows,
        rows.filter(([a, b]) => a !== '' || b !== '' || true),
      )
    }),
    { numRuns: 60 },
  )
})
