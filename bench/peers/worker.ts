/**
 * The process of one library, from its start to its end: it is told what to do, and answers with the time it took.
 * Must never happen here: a process that outlives the one that started it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cpuMs } from './cpu.ts'
import type { Answer, Order } from './peer.ts'
import type { Server } from './servers.ts'
import type { Subject } from './subjects.ts'

const patienceMs = 300_000

/** What one of them did in one pass. */
export interface Pass {
  readonly perSecond: number
  /** Processor time of one job or flow, in microseconds, with that of the server. */
  readonly cpuMicros: number
}

export interface Worker {
  run(order: Order): Promise<Pass>
  stop(): Promise<void>
}

/** Starts the process of one library, and waits until it is ready. */
export async function startWorker(subject: Subject, server: Server): Promise<Worker> {
  const file = fileURLToPath(new URL('./process.ts', import.meta.url))
  const child = fork(file, [subject.peer, server.address], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  })
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const atExit = (): void => void child.kill('SIGKILL')
  process.once('exit', atExit)
  const stop = async (): Promise<void> => {
    process.off('exit', atExit)
    await end(child)
  }
  const ask = (order?: Order): Promise<number> => {
    return new Promise<number>((resolve, reject) => {
      const fail = (reason: string): void => reject(new Error(`${subject.name}: ${reason}`))
      const patience = setTimeout(() => fail(`no answer in ${patienceMs / 1000} s\n${said}`), patienceMs)
      const onExit = (): void => fail(`its process ended\n${said}`)
      child.once('exit', onExit)
      child.once('message', (answer: Answer) => {
        clearTimeout(patience)
        child.off('exit', onExit)
        if (answer.kind === 'failed') fail(answer.reason)
        else resolve(answer.kind === 'done' ? answer.tookMs : 0)
      })
      if (order !== undefined) child.send(order)
    })
  }
  try {
    await ask()
  } catch (cause) {
    await stop()
    throw cause
  }
  const pids = [child.pid ?? 0, server.pid ?? 0]
  const run = async (order: Order): Promise<Pass> => {
    const before = cpuMs(pids)
    const tookMs = await ask(order)
    const cpuMicros = (1000 * (cpuMs(pids) - before)) / order.count
    return { perSecond: (order.count * 1000) / tookMs, cpuMicros }
  }
  return { run, stop }
}

/** Asks a process to end, by closing the line to it; kills it when it does not. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const patience = setTimeout(() => child.kill('SIGKILL'), 10_000)
  if (child.connected) child.disconnect()
  await ended
  clearTimeout(patience)
}
