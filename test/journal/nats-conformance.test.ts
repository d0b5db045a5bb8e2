/**
 * The journal on JetStream passes the examination of every journal, over a real server, also where a message of the
 * server is so small that every append and every snapshot is cut into parts.
 */
import { after } from 'node:test'
import { examineJournal } from '../../lab/conformance/journal.ts'
import { type NatsServer, startNats } from '../../lab/nats-server.ts'
import { openNatsJournal } from '../../src/host/journal/nats.ts'
import { subjectsOf } from '../../src/host/nats/subjects.ts'
import { hasNats, lineTo } from '../nats.ts'

if (hasNats('JOURNAL-1 the journal on NATS')) {
  const servers = new Map<string, NatsServer>()
  let networks = 0
  after(() => Promise.all([...servers.values()].map((server) => server.end())))
  const bench = (setting: string) => async () => {
    const server = servers.get(setting) ?? (await startNats([setting]))
    servers.set(setting, server)
    networks += 1
    const line = await lineTo(server.url)
    const subjects = subjectsOf(`n${networks}`)
    const open = () =>
      openNatsJournal({ line, subjects, partition: 0, partitions: 1, tell: () => {}, replicas: undefined })
    let journal = await open()
    return {
      journal,
      async reopen() {
        await journal.close()
        journal = await open()
        return journal
      },
      async end() {
        await journal.close()
        await line.close()
      },
    }
  }
  examineJournal('nats', bench('max_payload: 1MB'))
  examineJournal('nats, in parts', bench('max_payload: 2KB'))
}
