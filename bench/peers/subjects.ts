/**
 * Who is compared, and what a reader must know of each to judge the figures.
 * Must never happen here: a peer without a word on what it does less, or more, than we do.
 */
import { join } from 'node:path'
import { type Server, startPostgres, startRedis, startRestate } from './servers.ts'

export type SubjectName =
  | 'convokeMemory'
  | 'convokeDurable'
  | 'langgraph'
  | 'langgraphCheckpointer'
  | 'dbos'
  | 'restate'
  | 'bullmq'
  | 'bullmqDurable'
  | 'moleculer'

export interface Subject {
  readonly name: string
  /** The file in this folder that speaks to it. */
  readonly peer: string
  /** The package whose version is told; none for convoke. */
  readonly package?: string
  /** The package of Debian that it needs. */
  readonly debian?: string
  /** What is on the disk when somebody is told that the work is done. */
  readonly keeps: string
  /** What it does less or more than convoke. */
  readonly differs: string
  /** Starts what it needs in a folder of its own. */
  serve(folder: string): Promise<Server>
}

const alone = (address: string): Promise<Server> => Promise.resolve({ address, stop: async () => {} })

const noGroups = 'fixed graph, no choice of agents'

export const subjects: Readonly<Record<SubjectName, Subject>> = {
  convokeMemory: {
    name: 'convoke, in memory',
    peer: 'convoke',
    keeps: 'nothing',
    differs: 'chooses among 96 agents by skill and evidence, asks, invites, explains',
    serve: () => alone(':memory:'),
  },
  convokeDurable: {
    name: 'convoke, on a file',
    peer: 'convoke',
    keeps: 'every decision, flushed before it is acted on',
    differs: 'the same',
    serve: (folder) => alone(join(folder, 'network.db')),
  },
  langgraph: {
    name: 'LangGraph.js',
    peer: 'langgraph',
    package: '@langchain/langgraph',
    keeps: 'nothing',
    differs: noGroups,
    serve: () => alone(''),
  },
  langgraphCheckpointer: {
    name: 'LangGraph.js, MemorySaver',
    peer: 'langgraph',
    package: '@langchain/langgraph',
    keeps: 'nothing; every step in memory',
    differs: noGroups,
    serve: () => alone('memory'),
  },
  dbos: {
    name: 'DBOS, PostgreSQL',
    peer: 'dbos',
    package: '@dbos-inc/dbos-sdk',
    debian: 'postgresql',
    keeps: 'every step, flushed (PostgreSQL as installed)',
    differs: 'fixed function, no choice of agents; other processes can take over',
    serve: startPostgres,
  },
  restate: {
    name: 'Restate',
    peer: 'restate',
    package: '@restatedev/restate-server',
    keeps: 'every step, flushed (Restate as installed)',
    differs: 'fixed function, no choice of agents; callers and workers on any machine',
    serve: startRestate,
  },
  bullmq: {
    name: 'BullMQ, Redis in memory',
    peer: 'bullmq',
    package: 'bullmq',
    debian: 'redis-server',
    keeps: 'nothing (no persistence)',
    differs: 'any free worker, no choice of agents; workers on any machine',
    serve: (folder) => startRedis(folder, 'never'),
  },
  bullmqDurable: {
    name: 'BullMQ, Redis flushing',
    peer: 'bullmq',
    package: 'bullmq',
    debian: 'redis-server',
    keeps: 'every command, flushed (appendfsync always)',
    differs: 'any free worker, no choice of agents; workers on any machine',
    serve: (folder) => startRedis(folder, 'always'),
  },
  moleculer: {
    name: 'Moleculer',
    peer: 'moleculer',
    package: 'moleculer',
    keeps: 'nothing',
    differs: 'a call by name inside one process: no queue, no retry, no record',
    serve: () => alone(''),
  },
}
