/**
 * Reads a project file: YAML, then its shape, then its meaning. The first thing that is wrong is told with its line.
 * Must never happen here: a project that is half right and runs.
 */
import { readFile, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Document, LineCounter, parseDocument, visit, type YAMLParseError, type YAMLWarning } from 'yaml'
import { quote } from '../../protocol/id.ts'
import { didYouMean } from '../../protocol/nearest.ts'
import { exit, Problem, type ProblemCode } from '../problem.ts'
import { printable } from '../terminal.ts'
import { checkMeaning } from './meaning.ts'
import { placeOf } from './place.ts'
import { checkShape, keysAt, type ProjectShape, type ShapeIssue } from './shape.ts'

export interface Project {
  /** As it was given. */
  readonly file: string
  /** Absolute; what the file names is relative to it. */
  readonly folder: string
  readonly shape: ProjectShape
  /** A problem with what stands at a path of the file. */
  problem(path: readonly PropertyKey[], code: ProblemCode, what: string, hint?: string): Problem
}

const fileBytesMax = 4_194_304

/** Throws a `Problem`: E_FILE, E_YAML, or what is wrong with the project. */
export async function readProject(file: string): Promise<Project> {
  return parseProject(file, await readText(file))
}

async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size <= fileBytesMax) return await readFile(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new Problem('E_FILE', `there is no file ${quote(file)}`, { exit: exit.notFound, cause })
    }
    throw new Problem('E_FILE', `the file ${quote(file)} cannot be read: ${code}`, {
      exit: exit.usage,
      cause,
    })
  }
  throw new Problem('E_TOO_LARGE', `the file ${quote(file)} is larger than ${fileBytesMax} bytes`, {
    exit: exit.usage,
    hint: 'A project file names its data, it does not contain it.',
  })
}

/** `file` is for messages, and for what the project is relative to. */
export function parseProject(file: string, text: string): Project {
  const lines = new LineCounter()
  // What the library has to say becomes a problem of ours; by itself it would print a warning of the runtime.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    logLevel: 'error',
  })
  const [broken] = [...document.errors, ...document.warnings]
  if (broken !== undefined) throw syntaxProblem(file, lines, broken)
  const value = plain(file, document, lines)
  const problem: Project['problem'] = (path, code, what, hint) => {
    const place = placeOf(document, lines, path)
    const subject = place.text === '' ? 'the project' : printable(place.text)
    const message = `${printable(file)}:${place.line}:${place.column}: ${subject} ${what}`
    return new Problem(code, message, { exit: exit.usage, hint })
  }
  const checked = checkShape(value)
  if ('issues' in checked) throw shapeProblem(problem, checked.issues)
  const folder = dirname(resolve(file))
  const project = { file, folder, shape: checked.project, problem }
  checkMeaning(project)
  return project
}

function syntaxProblem(file: string, lines: LineCounter, cause: YAMLParseError | YAMLWarning): Problem {
  const { line, col } = lines.linePos(cause.pos[0])
  const what = printable(cause.message.split('\n', 1)[0] ?? '')
  return new Problem('E_YAML', `${printable(file)}:${line}:${col}: ${what}`, { exit: exit.usage, cause })
}

function plain(file: string, document: Document.Parsed, lines: LineCounter): unknown {
  try {
    return document.toJS({ maxAliasCount: 1_000 })
  } catch (cause) {
    const where = lostAlias(document, lines)
    const why = printable(cause instanceof Error ? cause.message : String(cause))
    throw new Problem('E_YAML', `${printable(file)}:${where} ${why}`, { exit: exit.usage, cause })
  }
}

/** Where the first alias without an anchor stands; the library does not tell. */
function lostAlias(document: Document.Parsed, lines: LineCounter): string {
  let offset: number | undefined
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return undefined
      offset = alias.range?.[0]
      return visit.BREAK
    },
  })
  if (offset === undefined) return ''
  const { line, col } = lines.linePos(offset)
  return `${line}:${col}:`
}

function shapeProblem(problem: Project['problem'], issues: readonly ShapeIssue[]): Problem {
  // A key that is wrong explains a key that is missing, so it goes first.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  if (issue === undefined) return problem([], 'E_TYPE', 'is no project')
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys': {
      const [key = ''] = issue.keys
      const hint = didYouMean(key, keysAt(path), 'The keys here are')
      return problem([...path, key], 'E_UNKNOWN_FIELD', 'is not a key of a project file', hint)
    }
    case 'invalid_type': {
      if (issue.input === undefined) return problem(path, 'E_MISSING_FIELD', 'is missing')
      const whole = issue.expected === 'int'
      return problem(path, whole ? 'E_RANGE' : 'E_TYPE', `must be ${article(issue.expected)}, ${got(issue)}`)
    }
    case 'too_small': {
      const none = issue.origin === 'array' || issue.origin === 'string'
      const what = none ? 'must not be empty' : `must be at least ${issue.minimum}, ${got(issue)}`
      return problem(path, 'E_RANGE', what)
    }
    case 'too_big':
      return problem(path, 'E_RANGE', `must be at most ${issue.maximum}, ${got(issue)}`)
    case 'invalid_value': {
      const words = issue.values.map(String)
      const code = path.at(-1) === 'priority' ? 'E_BAD_PRIORITY' : 'E_RANGE'
      return problem(path, code, `${quote(issue.input)} is not one of ${words.join(', ')}`)
    }
    case 'custom':
      return problem(path, 'E_TYPE', `${issue.message}, ${got(issue)}`)
    default:
      return problem(path, 'E_TYPE', `is not what it should be, ${got(issue)}`)
  }
}

function got(issue: ShapeIssue): string {
  return `got ${quote(issue.input)}`
}

function article(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    array: 'a list',
    object: 'a map',
    record: 'a map',
    string: 'text',
    int: 'a whole number',
    number: 'a number',
  }
  return names[expected] ?? expected
}
