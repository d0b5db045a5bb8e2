/**
 * What the documents of the project contain: programs, other blocks, links.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './tidy/source.ts'

export interface Block {
  readonly language: string
  readonly text: string
  /** Of the first line, counted from 1. */
  readonly line: number
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Every document, decisions included. */
export function documents(): string[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const inRoot = readdirSync(root, { encoding: 'utf8' })
  return [...inRoot, ...inDocs.map((name) => `docs/${name}`)].filter((path) => path.endsWith('.md')).sort()
}

export function blocksIn(text: string): Block[] {
  const blocks: Block[] = []
  for (const match of text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, language = '', body = ''] = match
    blocks.push({ language, text: body, line: text.slice(0, match.index).split('\n').length + 1 })
  }
  return blocks
}

/** A block that imports begins a program; one that does not goes on with the program before. */
export function programsIn(text: string): string[] {
  const programs: string[] = []
  for (const block of blocksIn(text)) {
    if (block.language !== 'ts') continue
    const last = programs.pop()
    if (last === undefined) programs.push(block.text)
    else if (/^import /m.test(block.text)) programs.push(last, block.text)
    else programs.push(`${last}\n${block.text}`)
  }
  return programs
}

/** Targets of links, without those to other sites. */
export function linksIn(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsIn(text: string): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
