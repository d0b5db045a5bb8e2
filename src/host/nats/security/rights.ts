/**
 * What each identity may say and hear: the least that its role needs, as lists of subjects for a server of NATS.
 * Must never happen here: a right by which one identity speaks for another, or an agent reaches the log.
 */
import type { NodeId } from '../../../protocol/id.ts'
import { hubsOf } from '../../../protocol/partition.ts'
import type { Identity } from '../key-file.ts'
import { inboxOf, subjectsOf } from '../subjects.ts'

export interface Rights {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** `partitions`: how many hubs and logs the network has at the most. */
export function rightsOf({ role, principal, network }: Identity, partitions: number): Rights {
  const subjects = subjectsOf(network)
  const inbox = `${inboxOf(network, principal)}.>`
  const streams = [
    ...Array.from({ length: partitions }, (_, i) => subjects.logStream(i)),
    subjects.sideStream,
  ]
  const may = (verb: string): string[] => streams.map((stream) => `$JS.API.STREAM.${verb}.${stream}`)
  if (role === 'hub') {
    // Whoever decides is believed in everything, and may make the streams; it may neither change nor delete them.
    const forget = `$JS.API.STREAM.PURGE.${subjects.sideStream}`
    return {
      publish: [subjects.everything, ...may('CREATE'), ...may('INFO'), ...may('MSG.GET'), forget],
      subscribe: [subjects.everything, inbox],
    }
  }
  const self = principal as NodeId
  const hubs = [...hubsOf(1), ...hubsOf(partitions)].map((hub) => subjects.to(hub, self))
  const publish = [...hubs, subjects.life(self), subjects.ask('*')]
  const subscribe = [subjects.allTo(self), subjects.life(self), subjects.owner('*'), inbox]
  if (role === 'agent') return { publish, subscribe }
  return {
    publish: [...publish, ...may('INFO'), ...may('MSG.GET')],
    subscribe: [...subscribe, subjects.log('*')],
  }
}
