/** Where this package lies, and which version it is. The source and what is built of it lie equally deep. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const packageRoot: string = fileURLToPath(new URL('../..', import.meta.url))

const manifest = join(packageRoot, 'package.json')

export const version: string = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
