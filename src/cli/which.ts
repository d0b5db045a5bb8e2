/**
 * Finds a program as a shell would, so that a missing one is told before anything is started.
 */
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, resolve } from 'node:path'

/** The path of the program, or `undefined`. A name with a slash is relative to `folder`; any other is in the PATH. */
export async function findProgram(
  name: string,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const folders = name.includes('/') ? [folder] : (env.PATH ?? '').split(delimiter)
  for (const base of folders) {
    const path = resolve(folder, base, name)
    if (await isProgram(path)) return path
  }
  return undefined
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}
