#!/usr/bin/env node
/**
 * The command line `convoke`. Looks at the runtime before anything is loaded that an older one does not have.
 */
const least = 24
const major = Number(process.versions.node.split('.', 1)[0])

if (major >= least) {
  // Most of the start is compiling; Node keeps the result in a folder for temporary files.
  const { enableCompileCache } = await import('node:module')
  enableCompileCache()
  const { start } = await import('./start.ts')
  await start(process.argv.slice(2))
} else {
  process.stderr.write(
    `error E_RUNTIME: this is Node.js ${process.versions.node}; convoke needs ${least} or newer\n`,
  )
  process.stderr.write(
    "hint: Install a newer Node.js; in a checkout, npm ci brings one along for npm's scripts.\n",
  )
  process.exitCode = 5
}
