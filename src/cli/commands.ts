/** Every command, in the order of the help. */
import { agent } from './agent.ts'
import { agents } from './agents.ts'
import { announce } from './announce.ts'
import { audit } from './audit.ts'
import { cancel } from './cancel.ts'
import type { Command } from './command.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { groups } from './groups.ts'
import { run } from './run.ts'
import { securityAdd, securityGenerate, securityRemove } from './security.ts'
import { tasks } from './tasks.ts'
import { up } from './up.ts'
import { watch } from './watch.ts'

export const commands: readonly Command[] = [
  run,
  up,
  agent,
  announce,
  cancel,
  agents,
  groups,
  tasks,
  explain,
  watch,
  audit,
  securityGenerate,
  securityAdd,
  securityRemove,
  demo,
  doctor,
]
