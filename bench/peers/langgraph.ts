/** LangGraph.js: a compiled graph for each kind of work, one thread for each run; parallel workers by `Send`. */
import { randomUUID } from 'node:crypto'
import { Annotation, END, MemorySaver, Send, START, StateGraph } from '@langchain/langgraph'
import { each, job, merge, type Peer, plan, work } from './peer.ts'

const Job = Annotation.Root({ input: Annotation<string>, result: Annotation<string> })
const Flow = Annotation.Root({
  input: Annotation<string>,
  parts: Annotation<string[]>,
  done: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
  result: Annotation<string>,
})

/** `server` is `memory` for the checkpointer in memory, and empty for none. */
export async function open(server: string): Promise<Peer> {
  const options = server === 'memory' ? { checkpointer: new MemorySaver() } : {}
  const jobs = new StateGraph(Job)
    .addNode('job', ({ input }) => ({ result: job(input) }))
    .addEdge(START, 'job')
    .addEdge('job', END)
    .compile(options)
  const flows = new StateGraph(Flow)
    .addNode('plan', ({ input }) => ({ parts: plan(input) }))
    .addNode('work', ({ part }: { part: string }) => ({ done: [work(part)] }))
    .addNode('merge', ({ done }) => ({ result: merge(done) }))
    .addEdge(START, 'plan')
    .addConditionalEdges('plan', ({ parts }) => parts.map((part) => new Send('work', { part })), ['work'])
    .addEdge('work', 'merge')
    .addEdge('merge', END)
    .compile(options)
  const thread = (): { configurable: { thread_id: string } } => ({
    configurable: { thread_id: randomUUID() },
  })
  return {
    jobs: (inputs, inFlight) =>
      each(inputs, inFlight, async (input) => (await jobs.invoke({ input }, thread())).result),
    flows: (inputs, inFlight) =>
      each(inputs, inFlight, async (input) => (await flows.invoke({ input }, thread())).result),
    close: async () => {},
  }
}
