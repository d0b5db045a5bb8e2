/**
 * Numbered rules and who cites them. A rule without a test is a wish; a test of a rule that is not there is a riddle.
 */
import {
  isCallExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  type Node,
} from 'typescript/unstable/ast'
import { type Source, startOf, walk } from './source.ts'

export interface Rule {
  readonly id: string
  /** Counted from 1. */
  readonly line: number
  /** Why the rule has no test yet. */
  readonly deferred?: string
}

export interface Citation {
  readonly id: string
  /** File and line. */
  readonly where: string
}

/** Rules are list items that begin `- **TASK-3** `; indented lines continue them. */
export function rulesOf(specification: string): Rule[] {
  const lines = specification.split('\n')
  return lines.flatMap((text, index) => {
    const id = /^- \*\*([A-Z]+-\d+)\*\* \S/.exec(text)?.[1]
    if (id === undefined) return []
    const rest = lines.slice(index + 1)
    const end = rest.findIndex((line) => !line.startsWith('  '))
    const whole = [text, ...rest.slice(0, end < 0 ? rest.length : end)].map((line) => line.trim()).join(' ')
    const deferred = /\(deferred: ([^)]+)\)/.exec(whole)?.[1]
    return [{ id, line: index + 1, ...(deferred === undefined ? {} : { deferred }) }]
  })
}

/** Lines that look like a rule and are none, because of a slip of the pen. */
export function malformedRules(specification: string): string[] {
  const lines = specification.split('\n')
  return lines.filter((text) => /^\s*[-*]\s*\*{0,2}[A-Z]{2,}-\d+/.test(text) && rulesOf(text).length === 0)
}

/** The ids at the head of a title: `TASK-3 …`, `TASK-3 HUB-1 …`, `TASK-3, HUB-1: …`. */
export function idsAtHead(title: string): string[] {
  const head = /^(?:[A-Z]{2,}-\d+[,:]?(?:\s+|$))+/.exec(title)?.[0] ?? ''
  return head.match(/[A-Z]{2,}-\d+/g) ?? []
}

const callers: ReadonlySet<string> = new Set(['test', 'it', 'describe', 'suite'])

/**
 * Rules that the tests of one file cite: the first argument of test(), it(), describe(), suite() or t.test(), and the
 * property `title` of a table of tests.
 */
export function citationsIn(source: Source): Citation[] {
  const citations: Citation[] = []
  walk(source.tree, (node) => {
    const title = titleOf(node)
    if (title === undefined) return
    const text = source.text.slice(startOf(source, title) + 1, title.end)
    const line = source.tree.getLineAndCharacterOfPosition(title.end).line + 1
    for (const id of idsAtHead(text.replace(/['"`]$/, '')))
      citations.push({ id, where: `${source.path}:${line}` })
  })
  return citations
}

function titleOf(node: Node): Node | undefined {
  if (isPropertyAssignment(node)) return node.name.getText() === 'title' ? node.initializer : undefined
  if (!isCallExpression(node)) return undefined
  const { expression } = node
  const name = isPropertyAccessExpression(expression)
    ? callerOf(expression.expression, expression.name)
    : expression
  return name !== undefined && callers.has(name.getText()) ? node.arguments[0] : undefined
}

/** `test` in `t.test(…)` and `suite.test(…)`; also in `test.skip(…)`, which is no proof and therefore nothing. */
function callerOf(object: Node, name: Node): Node | undefined {
  return callers.has(object.getText()) ? undefined : name
}

/** Rules that a golden transcript cites: its first line is `rule: TASK-3, HUB-1`, with or without a leading `#`. */
export function citationsInTranscript(path: string, text: string): Citation[] {
  const list = /^(?:#\s*)?rules?:\s*(.*)/.exec(text.split('\n', 1)[0] ?? '')?.[1] ?? ''
  return (list.match(/[A-Z]{2,}-\d+/g) ?? []).map((id) => ({ id, where: `${path}:1` }))
}

/** Rules that a text mentions which do not exist: a number beyond the last in an area that there is. */
export function danglingIn(rules: readonly Rule[], text: string): string[] {
  const ids = new Set(rules.map(({ id }) => id))
  const areas = new Set([...ids].map((id) => id.replace(/-.*/, '')))
  const mentioned = text.match(/\b[A-Z]{2,}-\d+\b/g) ?? []
  return [...new Set(mentioned)].filter((id) => areas.has(id.replace(/-.*/, '')) && !ids.has(id))
}

/** Everything that is wrong between the rules and the tests, as sentences. */
export function disagreements(rules: readonly Rule[], citations: readonly Citation[]): string[] {
  const wrong: string[] = []
  const seen = new Map<string, Rule>()
  for (const rule of rules) {
    const before = seen.get(rule.id)
    if (before !== undefined) wrong.push(`SPEC.md:${rule.line} ${rule.id} is already on line ${before.line}`)
    seen.set(rule.id, rule)
  }
  const cited = new Map(citations.map((citation) => [citation.id, citation]))
  for (const rule of seen.values()) {
    const proof = cited.get(rule.id)
    if (rule.deferred === undefined && proof === undefined)
      wrong.push(`SPEC.md:${rule.line} no test cites ${rule.id}`)
    if (rule.deferred !== undefined && proof !== undefined) {
      wrong.push(`SPEC.md:${rule.line} ${rule.id} is deferred, yet ${proof.where} proves it`)
    }
  }
  for (const { id, where } of citations)
    if (!seen.has(id)) wrong.push(`${where} cites ${id}, which SPEC.md lacks`)
  return wrong
}
