/**
 * What may not be written, where, and what to write instead. Each ban has samples in `bans.test.ts` that it must
 * catch.
 */
import {
  isBindingElement,
  isCallExpression,
  isExportAssignment,
  isExportDeclaration,
  isForOfStatement,
  isIdentifier,
  isPropertyAccessExpression,
  isVariableDeclarationList,
  type Node,
  NodeFlags,
  SyntaxKind,
} from 'typescript/unstable/ast'
import { isPure } from './imports.ts'
import { commentsOf, type Finding, found, type Source, startOf, walk } from './source.ts'

export interface Ban {
  readonly name: string
  readonly instead: string
  readonly applies: (path: string) => boolean
  /** True for a node that breaks the rule. */
  readonly breaks: (node: Node) => boolean
}

const everywhere = (): boolean => true

const clocks = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame']

/** The places where a name stands for a property or a label and not for a variable or a type. */
function isReference(node: Node): boolean {
  const { parent } = node
  switch (parent.kind) {
    case SyntaxKind.PropertyAccessExpression:
      return (parent as { name?: Node }).name !== node
    case SyntaxKind.QualifiedName:
      return (parent as { right?: Node }).right !== node
    case SyntaxKind.PropertyAssignment:
    case SyntaxKind.PropertySignature:
    case SyntaxKind.PropertyDeclaration:
    case SyntaxKind.MethodSignature:
    case SyntaxKind.MethodDeclaration:
      return (parent as { name?: Node }).name !== node
    case SyntaxKind.BindingElement:
      return !(isBindingElement(parent) && parent.propertyName === node)
    default:
      return true
  }
}

function refersTo(names: readonly string[]): (node: Node) => boolean {
  return (node) => isIdentifier(node) && names.includes(node.text) && isReference(node)
}

/** `object.property`, also `globalThis.object.property`, or any object when none is named. */
function accesses(object: string | undefined, properties: readonly string[]): (node: Node) => boolean {
  return (node) =>
    isPropertyAccessExpression(node) &&
    properties.includes(node.name.text) &&
    (object === undefined || node.expression.getText().split('.').at(-1) === object)
}

function isA(...kinds: readonly SyntaxKind[]): (node: Node) => boolean {
  return (node) => kinds.includes(node.kind)
}

const mayPrint = ['src/cli/', 'examples/', 'lab/', 'bench/']
const mayReadEnvironment = [...mayPrint, 'test/']

function outside(prefixes: readonly string[]): (path: string) => boolean {
  return (path) => !prefixes.some((prefix) => path.startsWith(prefix))
}

/** Brands of types, which are no values; and the one part of the platform that the codec needs. */
const harmless = ['declare const brand: unique symbol', 'declare const TextDecoder']

const pureBans: readonly Omit<Ban, 'applies'>[] = [
  { name: 'Date', instead: '`now: Millis`, which is handed in', breaks: refersTo(['Date']) },
  { name: 'performance', instead: '`now: Millis`, which is handed in', breaks: refersTo(['performance']) },
  {
    name: 'Math.random',
    instead: 'the seeded generator that is handed in',
    breaks: accesses('Math', ['random']),
  },
  {
    name: 'a source of randomness',
    instead: 'the seeded generator that is handed in',
    breaks: refersTo(['crypto']),
  },
  { name: 'a timer', instead: 'an instant in the state, which wakeAt() tells', breaks: refersTo(clocks) },
  {
    name: 'async or await',
    instead: 'a fact or an effect now, and the answer as a later input',
    breaks: (node) =>
      isA(SyntaxKind.AsyncKeyword, SyntaxKind.AwaitExpression)(node) ||
      (isForOfStatement(node) && node.awaitModifier !== undefined),
  },
  {
    name: 'Promise',
    instead: 'a fact or an effect now, and the answer as a later input',
    breaks: refersTo(['Promise']),
  },
  {
    name: 'import()',
    instead: 'an import at the head of the file',
    breaks: (node) =>
      node.kind === SyntaxKind.ImportKeyword && node.parent.kind === SyntaxKind.CallExpression,
  },
  { name: 'for…in', instead: 'for…of over sorted keys', breaks: isA(SyntaxKind.ForInStatement) },
  {
    name: 'an order or a text that depends on the machine',
    instead: 'compare with < and >',
    breaks: (node) =>
      accesses(undefined, ['localeCompare', 'toLocaleString'])(node) || refersTo(['Intl'])(node),
  },
  { name: 'console', instead: 'a fact, or an effect of the shell', breaks: refersTo(['console']) },
  { name: 'process', instead: 'a value that is handed in', breaks: refersTo(['process']) },
  {
    name: 'a declared global',
    instead: 'a value that is handed in',
    breaks: (node) =>
      node.kind === SyntaxKind.DeclareKeyword &&
      !harmless.some((text) => node.parent.getText().startsWith(text)),
  },
  { name: 'globalThis', instead: 'a value that is handed in', breaks: refersTo(['globalThis']) },
]

export const bans: readonly Ban[] = [
  ...pureBans.map((ban) => ({ ...ban, applies: isPure })),
  {
    name: 'any',
    instead: 'unknown at the door, a type behind it',
    applies: everywhere,
    breaks: isA(SyntaxKind.AnyKeyword),
  },
  {
    name: 'export default',
    instead: 'a named export',
    applies: everywhere,
    breaks: (node) =>
      isExportAssignment(node) || (node.kind === SyntaxKind.DefaultKeyword && isModifier(node)),
  },
  {
    name: 'export *',
    instead: 'a list of names',
    applies: everywhere,
    breaks: (node) => isExportDeclaration(node) && node.exportClause?.kind !== SyntaxKind.NamedExports,
  },
  {
    name: 'enum',
    instead: 'a union of strings',
    applies: everywhere,
    breaks: isA(SyntaxKind.EnumDeclaration),
  },
  { name: 'namespace', instead: 'a file', applies: everywhere, breaks: isA(SyntaxKind.ModuleDeclaration) },
  {
    name: 'non-null !',
    instead: 'a check that narrows, or assert() with what would be wrong',
    applies: everywhere,
    breaks: isA(SyntaxKind.NonNullExpression),
  },
  {
    name: 'process.env',
    instead: 'an option that src/cli fills in',
    applies: outside(mayReadEnvironment),
    breaks: accesses('process', ['env']),
  },
  {
    name: 'the state of a module',
    instead: 'a value that is made by a function and handed in',
    applies: (path) => path.startsWith('src/'),
    breaks: (node) =>
      isVariableDeclarationList(node) &&
      (node.flags & NodeFlags.Const) === 0 &&
      node.parent.parent.kind === SyntaxKind.SourceFile,
  },
  {
    name: 'a test that does not run',
    instead: 'a test that runs, or none',
    applies: everywhere,
    breaks: (node) =>
      isCallExpression(node) &&
      ['test', 'it', 'describe', 'suite'].some((object) =>
        accesses(object, ['skip', 'only', 'todo'])(node.expression),
      ),
  },
  {
    name: 'printing',
    instead: 'an update or a watched fact; only the command line, examples, lab and bench print',
    applies: (path) => outside(mayPrint)(path) && !isPure(path),
    breaks: refersTo(['console']),
  },
]

/** `default` as in `export default function`, not as in a switch. */
function isModifier(node: Node): boolean {
  return (
    node.parent.kind === SyntaxKind.FunctionDeclaration || node.parent.kind === SyntaxKind.ClassDeclaration
  )
}

export function bannedIn(source: Source): Finding[] {
  const active = bans.filter((ban) => ban.applies(source.path))
  const findings: Finding[] = []
  walk(source.tree, (node) => {
    for (const ban of active) {
      if (ban.breaks(node)) {
        findings.push(
          found(source, startOf(source, node), `${ban.name} is not used here; instead: ${ban.instead}`),
        )
      }
    }
  })
  return findings
}

/** Comments that put something off, or silence the compiler. */
export function postponedIn(source: Source): Finding[] {
  return commentsOf(source).flatMap(({ at, text }) => {
    if (/\b(TODO|FIXME|XXX|HACK)\b/.test(text)) {
      return [found(source, at, 'a comment puts work off; do it, or open an issue')]
    }
    if (/@ts-(ignore|nocheck)/.test(text)) {
      return [found(source, at, 'a comment silences the compiler; say what it cannot know with a type')]
    }
    return []
  })
}
