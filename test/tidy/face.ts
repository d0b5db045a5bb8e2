/**
 * The public face: every name that the entry files of the package export, as one list that a person can review.
 */
import { isExportDeclaration, isNamedExports, type Node, SyntaxKind } from 'typescript/unstable/ast'
import { type Source, startOf } from './source.ts'

/** Exported names of one file, sorted; a name that exists only as a type is marked as such. */
export function exportedNames(source: Source): string[] {
  const names: string[] = []
  for (const statement of source.tree.statements) {
    if (isExportDeclaration(statement)) {
      const list = statement.exportClause
      if (list === undefined || !isNamedExports(list)) continue
      for (const { name, isTypeOnly } of list.elements) {
        names.push(statement.isTypeOnly || isTypeOnly ? `type ${name.text}` : name.text)
      }
    } else if (isExported(statement)) names.push(...declaredNames(source, statement))
  }
  return names.sort()
}

function isExported(statement: Node): boolean {
  const { modifiers } = statement as { modifiers?: readonly Node[] }
  return modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword) ?? false
}

const types: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.InterfaceDeclaration,
  SyntaxKind.TypeAliasDeclaration,
])

function declaredNames(source: Source, statement: Node): string[] {
  const { name, declarationList } = statement as {
    name?: Node
    declarationList?: { declarations: readonly { name: Node }[] }
  }
  const nodes = name === undefined ? (declarationList?.declarations ?? []).map((one) => one.name) : [name]
  const prefix = types.has(statement.kind) ? 'type ' : ''
  return nodes.map((node) => prefix + source.text.slice(startOf(source, node), node.end))
}

/** The text of `test/face.txt`. */
export function faceText(sources: readonly Source[]): string {
  return sources.map((source) => `${[source.path, ...exportedNames(source)].join('\n  ')}\n`).join('\n')
}
