/**
 * Sizes, names and headers: what keeps a file readable in one sitting.
 */
import {
  isArrowFunction,
  isClassDeclaration,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isInterfaceDeclaration,
  isMethodDeclaration,
  isSetAccessorDeclaration,
  isTypeAliasDeclaration,
  isVariableDeclaration,
  type Node,
} from 'typescript/unstable/ast'
import { type Finding, found, type Source, startOf, walk } from './source.ts'

export const fileLinesMax = 400
export const functionLinesMax = 60
export const lineLengthMax = 120

/** A file has fewer than 400 lines, none longer than 120 characters, strings included. */
export function longIn(source: Source): Finding[] {
  const lines = source.text.replace(/\n$/, '').split('\n')
  const findings: Finding[] = []
  if (lines.length >= fileLinesMax) {
    findings.push(
      found(source, 0, `${lines.length} lines; split the file by what it is about (< ${fileLinesMax})`),
    )
  }
  for (const [index, line] of lines.entries()) {
    if (line.length > lineLengthMax) {
      findings.push({
        path: source.path,
        line: index + 1,
        what: `${line.length} characters (≤ ${lineLengthMax})`,
      })
    }
  }
  return findings
}

/**
 * Functions over 60 lines. What is shipped is measured whole. A suite of tests is a function full of functions:
 * outside `src` the lines of inner functions count for these alone.
 */
export function longFunctionsIn(source: Source): Finding[] {
  const findings: Finding[] = []
  const whole = source.path.startsWith('src/')
  walk(source.tree, (node) => {
    if (!isFunction(node)) return
    const lines = whole ? linesOf(source, node) : linesOf(source, node) - innerLines(source, node)
    if (lines > functionLinesMax) {
      findings.push(
        found(source, startOf(source, node), `a function of ${lines} lines (≤ ${functionLinesMax})`),
      )
    }
  })
  return findings
}

function isFunction(node: Node): boolean {
  return (
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isArrowFunction(node) ||
    isMethodDeclaration(node) ||
    isConstructorDeclaration(node) ||
    isGetAccessorDeclaration(node) ||
    isSetAccessorDeclaration(node)
  )
}

function linesOf(source: Source, node: Node): number {
  const line = (position: number): number => source.tree.getLineAndCharacterOfPosition(position).line
  return line(node.end) - line(startOf(source, node)) + 1
}

/** Lines of the outermost functions inside `node`, less the line that each shares with its surroundings. */
function innerLines(source: Source, node: Node): number {
  let lines = 0
  node.forEachChild((child) => {
    lines += isFunction(child) ? linesOf(source, child) - 1 : innerLines(source, child)
    return undefined
  })
  return lines
}

/** Every file of `src` and `lab` says in its first lines what it is for. */
export function headlessIn(source: Source): Finding[] {
  if (!source.path.startsWith('src/') && !source.path.startsWith('lab/')) return []
  const text = source.text.replace(/^#![^\n]*\n/, '')
  if (/^\/\*\*[\s\S]{20,}?\*\//.test(text)) return []
  return [
    found(source, 0, 'the file does not begin with /** what it is for, and what must never happen in it */'),
  ]
}

const emptyWords: ReadonlySet<string> = new Set(['utils', 'util', 'helpers', 'helper', 'manager', 'service'])
/** A word that a value may have, and a file may not. */
const emptyFiles: ReadonlySet<string> = new Set([...emptyWords, 'common', 'misc'])

function wordIn(name: string, words: ReadonlySet<string>): string | undefined {
  return name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .find((word) => words.has(word))
}

/** Files and declared names that say nothing. */
export function emptyNamesIn(source: Source): Finding[] {
  const findings: Finding[] = []
  const report = (name: string, at: number, words: ReadonlySet<string>): void => {
    const word = wordIn(name, words)
    if (word === undefined) return
    findings.push(found(source, at, `${name}: "${word}" says nothing; name it after what it does`))
  }
  report(source.path, 0, emptyFiles)
  walk(source.tree, (node) => {
    const names =
      isFunctionDeclaration(node) ||
      isClassDeclaration(node) ||
      isInterfaceDeclaration(node) ||
      isTypeAliasDeclaration(node) ||
      isVariableDeclaration(node)
    if (names && node.name !== undefined)
      report(node.name.getText(source.tree), startOf(source, node), emptyWords)
  })
  return findings
}
