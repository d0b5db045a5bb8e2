/**
 * The project's own source as syntax trees, for the tests that hold the walls. The compiler parses, so a word in a
 * string or a comment is never taken for code.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Node, type SourceFile, SyntaxKind } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'

export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** A parsed file. `path` is relative to the project, with forward slashes. */
export interface Source {
  readonly path: string
  readonly text: string
  readonly tree: SourceFile
}

/** One broken rule at one place. */
export interface Finding {
  readonly path: string
  /** Counted from 1. */
  readonly line: number
  readonly what: string
}

export const folders: readonly string[] = ['src', 'lab', 'bench', 'examples', 'test']

/** Paths of all TypeScript files of the project, sorted; without the packages that `bench/peers` has installed. */
export function projectFiles(): string[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map(
        (name) => `${folder}/${name}`,
      ),
    )
    .filter((path) => path.endsWith('.ts') && !path.includes('/node_modules/'))
    .sort()
}

let parsed: readonly Source[] | undefined

/** The project, read and parsed once in each process. */
export function project(): readonly Source[] {
  parsed ??= parse(new Map(projectFiles().map((path) => [path, readFileSync(join(root, path), 'utf8')])))
  return parsed
}

const disk = new Map<string, string>()
let compiler: API | undefined

/** One compiler in each process; it ends with it. */
function openCompiler(): API {
  compiler ??= new API({
    cwd: '/',
    fs: {
      readFile: (path) => disk.get(path) ?? null,
      fileExists: (path) => disk.has(path),
      directoryExists: (path) => [...disk.keys()].some((name) => name.startsWith(`${path}/`)),
      getAccessibleEntries: () => ({ files: [], directories: [] }),
      realpath: (path) => path,
    },
  })
  return compiler
}

let parses = 0

/** Parses files from memory; nothing is resolved and no types are checked. */
export function parse(files: ReadonlyMap<string, string>): Source[] {
  parses += 1
  const folder = `/parse${parses}`
  const compilerOptions = { noLib: true, noResolve: true, types: [], allowImportingTsExtensions: true }
  disk.set(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [...files.keys()] }))
  for (const [path, text] of files) disk.set(`${folder}/${path}`, text)
  const snapshot = openCompiler().updateSnapshot({ openProjects: [`${folder}/tsconfig.json`] })
  const program = snapshot.getProject(`${folder}/tsconfig.json`)?.program
  return [...files].map(([path, text]) => {
    const tree = program?.getSourceFile(`${folder}/${path}`)
    if (tree === undefined) throw new Error(`the compiler did not parse ${path}`)
    return { path, text, tree }
  })
}

/** Parses one text as the file at `path`. */
export function parseOne(path: string, text: string): Source {
  const [source] = parse(new Map([[path, text]]))
  if (source === undefined) throw new Error(`the compiler did not parse ${path}`)
  return source
}

/** Visits every node below `node`, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  node.forEachChild((child) => {
    visit(child)
    walk(child, visit)
    return undefined
  })
}

export function found(source: Source, position: number, what: string): Finding {
  return { path: source.path, line: source.tree.getLineAndCharacterOfPosition(position).line + 1, what }
}

export function startOf(source: Source, node: Node): number {
  return node.getStart(source.tree)
}

const literals: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.StringLiteral,
  SyntaxKind.RegularExpressionLiteral,
  SyntaxKind.NoSubstitutionTemplateLiteral,
  SyntaxKind.TemplateHead,
  SyntaxKind.TemplateMiddle,
  SyntaxKind.TemplateTail,
])

/** Every comment with its position. Literals are blanked first: what then looks like a comment is one. */
export function commentsOf(source: Source): { readonly at: number; readonly text: string }[] {
  let text = source.text
  walk(source.tree, (node) => {
    if (!literals.has(node.kind)) return
    const start = startOf(source, node)
    text = text.slice(0, start) + ' '.repeat(node.end - start) + text.slice(node.end)
  })
  return [...text.matchAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g)].map((match) => ({
    at: match.index,
    text: match[0],
  }))
}
