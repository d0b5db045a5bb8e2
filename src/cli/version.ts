/** The version of this package, from its package.json, which lies two folders up in the source and when built. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const manifest = fileURLToPath(new URL('../../package.json', import.meta.url))

export const version: string = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
