/** DBOS: a workflow for each job and flow, started directly, with a step for each part of a flow. */
import { DBOS } from '@dbos-inc/dbos-sdk'
import { each, job, merge, type Peer, plan, work } from './peer.ts'

const jobWorkflow = DBOS.registerWorkflow(async (input: string) => job(input), { name: 'job' })

const flowWorkflow = DBOS.registerWorkflow(
  async (input: string) => {
    const parts = await DBOS.runStep(async () => plan(input), { name: 'plan' })
    const done = await Promise.all(
      parts.map((part) => DBOS.runStep(async () => work(part), { name: 'work' })),
    )
    return await DBOS.runStep(async () => merge(done), { name: 'merge' })
  },
  { name: 'flow' },
)

/** `server` is the address of a database. */
export async function open(server: string): Promise<Peer> {
  DBOS.setConfig({
    name: 'convoke-bench',
    applicationVersion: '1',
    systemDatabaseUrl: server,
    runAdminServer: false,
    logLevel: 'error',
  })
  await DBOS.launch()
  return {
    jobs: (inputs, inFlight) => each(inputs, inFlight, jobWorkflow),
    flows: (inputs, inFlight) => each(inputs, inFlight, flowWorkflow),
    close: () => DBOS.shutdown(),
  }
}
