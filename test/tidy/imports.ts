/**
 * The import table of the house: a floor may import only floors below it, and nothing shipped may import what stands
 * beside `src`.
 */
import { dirname, join } from 'node:path/posix'
import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isNewExpression,
  isStringLiteral,
  type Node,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { type Finding, found, type Source, startOf, walk } from './source.ts'

/** Which floors a floor may import, besides itself. */
const table: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  strategy: ['protocol'],
  hub: ['protocol', 'strategy'],
  agent: ['protocol', 'strategy'],
  host: ['protocol', 'strategy', 'hub', 'agent'],
  workforce: ['protocol', 'host'],
  gateway: ['protocol', 'host'],
  dashboard: [],
  cli: ['protocol', 'strategy', 'hub', 'agent', 'host', 'workforce', 'gateway', 'index.ts'],
  'index.ts': ['protocol', 'strategy', 'hub', 'agent', 'host', 'workforce', 'gateway'],
}

export const pureFloors: readonly string[] = ['protocol', 'strategy', 'hub', 'agent']

/** The files that others import or start; everything in `src` is reached from one of them. */
export const faces: readonly string[] = [
  'src/index.ts',
  'src/protocol/index.ts',
  'src/workforce/index.ts',
  'src/cli/main.ts',
]

/** `src/hub/queue.ts` → `hub`; `undefined` outside `src`. */
export function floorOf(path: string): string | undefined {
  return path.startsWith('src/') ? path.split('/')[1] : undefined
}

export function isPure(path: string): boolean {
  return pureFloors.includes(floorOf(path) ?? '')
}

export interface Edge {
  readonly specifier: string
  readonly at: number
  /** The imported file, for a relative specifier. */
  readonly target?: string
}

/** Everything that a file loads: imports, re-exports, `import()`, and `new URL('./x.ts', import.meta.url)`. */
export function edgesOf(source: Source): Edge[] {
  const edges: Edge[] = []
  walk(source.tree, (node) => {
    const specifier = loaded(node)
    if (specifier === undefined) return
    const at = startOf(source, node)
    if (!specifier.startsWith('.')) edges.push({ specifier, at })
    else edges.push({ specifier, at, target: join(dirname(source.path), specifier) })
  })
  return edges
}

function loaded(node: Node): string | undefined {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier)
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword)
    return literal(node.arguments[0])
  if (isImportTypeNode(node) && isLiteralTypeNode(node.argument)) return literal(node.argument.literal)
  if (isNewExpression(node) && node.expression.getText() === 'URL') {
    const file = literal(node.arguments?.[0])
    const base = node.arguments?.[1]
    return file?.endsWith('.ts') && base?.getText() === 'import.meta.url' ? file : undefined
  }
  return undefined
}

function literal(node: Node | undefined): string | undefined {
  return node !== undefined && isStringLiteral(node) ? node.text : undefined
}

/** Imports that the table forbids. `dependencies` are the packages that a user of ours installs along. */
export function forbiddenImports(source: Source, dependencies: readonly string[]): Finding[] {
  return edgesOf(source).flatMap((edge) => {
    const why =
      edge.target === undefined ? packageBan(source, edge, dependencies) : fileBan(source, edge.target)
    return why === undefined ? [] : [found(source, edge.at, `imports ${edge.specifier}: ${why}`)]
  })
}

function packageBan(source: Source, edge: Edge, dependencies: readonly string[]): string | undefined {
  const floor = floorOf(source.path)
  if (floor === undefined) return undefined
  const name = edge.specifier.split('/', edge.specifier.startsWith('@') ? 2 : 1).join('/')
  if (isPure(source.path)) {
    if (name === 'zod' && source.path.startsWith('src/protocol/codec')) return undefined
    return 'a pure floor imports no package; hand the value in, or move this to src/host'
  }
  if (name.startsWith('node:') || dependencies.includes(name)) return undefined
  return 'what is shipped may import only node: modules and the dependencies of package.json'
}

function fileBan(source: Source, target: string): string | undefined {
  if (!target.endsWith('.ts') && !target.endsWith('.json')) return 'a relative import ends in .ts'
  if (source.path.startsWith('examples/') && target.startsWith('src/') && !faces.includes(target)) {
    return `an example imports what a user can import: ${faces.slice(0, 3).join(', ')}`
  }
  const from = floorOf(source.path)
  if (from === undefined) return undefined
  const to = floorOf(target)
  if (to === undefined) return 'what is shipped may not import what stands beside src'
  const allowed = table[from]
  if (allowed === undefined) return `src/${from} is not a floor; add it to the import table first`
  if (from === to || allowed.includes(to)) return undefined
  return `${from} may import only ${allowed.join(', ') || 'itself'}`
}

/** Files of `src` that no face reaches. */
export function unreached(sources: readonly Source[], entries: readonly string[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const reached = new Set<string>()
  const next = [...entries]
  for (let path = next.pop(); path !== undefined; path = next.pop()) {
    const source = byPath.get(path)
    if (source === undefined || reached.has(path)) continue
    reached.add(path)
    for (const edge of edgesOf(source)) if (edge.target !== undefined) next.push(edge.target)
  }
  return sources.map(({ path }) => path).filter((path) => path.startsWith('src/') && !reached.has(path))
}
