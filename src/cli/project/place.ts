/**
 * Where in a YAML file a value stands, so that an error names the line and not only the path.
 */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type LineCounter, type Node } from 'yaml'

export interface Place {
  readonly line: number
  readonly column: number
  /** The path as a person writes it: `agents[0].skills.etl`. */
  readonly text: string
}

/** Finds the deepest part of a path that the file has. A number also leads into a map: to its n-th entry. */
export function placeOf(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): Place {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  let text = ''
  for (const [depth, step] of path.entries()) {
    const next = enter(document, node, step)
    if (next === undefined) {
      // A missing key has no place of its own, but a name.
      if (typeof step === 'string' && depth === path.length - 1 && isMap(resolved(document, node))) {
        text += joined(text, step)
      }
      break
    }
    node = next.node
    offset = next.offset ?? offset
    text += joined(text, next.step)
  }
  const { line, col } = lines.linePos(offset)
  return { line, column: col, text }
}

interface Step {
  readonly node: unknown
  readonly offset: number | undefined
  readonly step: PropertyKey
}

function enter(document: Document.Parsed, from: unknown, step: PropertyKey): Step | undefined {
  const node = resolved(document, from)
  if (isSeq(node) && typeof step === 'number') {
    const item = node.items[step]
    return item === undefined ? undefined : { node: item, offset: startOf(item), step }
  }
  if (!isMap(node)) return undefined
  const pair =
    typeof step === 'number'
      ? node.items[step]
      : node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
  if (pair === undefined) return undefined
  const name = isScalar(pair.key) ? String(pair.key.value) : String(step)
  return { node: pair.value, offset: startOf(pair.key), step: name }
}

function resolved(document: Document.Parsed, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function startOf(node: unknown): number | undefined {
  const ranged = isPair(node) ? node.key : node
  return (ranged as Node | null | undefined)?.range?.[0]
}

function joined(text: string, step: PropertyKey): string {
  if (typeof step === 'number') return `[${step}]`
  return text === '' ? String(step) : `.${String(step)}`
}
