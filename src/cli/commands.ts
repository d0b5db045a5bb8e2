/** Every command, in the order of the help. */
import { agents } from './agents.ts'
import { audit } from './audit.ts'
import type { Command } from './command.ts'
import { demo } from './demo.ts'
import { doctor } from './doctor.ts'
import { explain } from './explain.ts'
import { run } from './run.ts'
import { tasks } from './tasks.ts'
import { watch } from './watch.ts'

export const commands: readonly Command[] = [run, agents, tasks, explain, watch, audit, demo, doctor]
