/**
 * `convoke security generate|add|remove FOLDER`: the keys of a network on NATS, and the configuration of its server.
 * Must never happen here: a secret in what is printed.
 */
import { resolve } from 'node:path'
import type { Role } from '../host/nats/key-file.ts'
import type { ServerWishes } from '../host/nats/security/configuration.ts'
import type { Wanted, Written } from '../host/nats/security/keyring.ts'
import type { Command, CommandCall, OptionSpec } from './command.ts'
import { type ExitCode, exit, usage } from './problem.ts'
import { table } from './terminal.ts'

const who: Readonly<Record<string, OptionSpec>> = {
  hubs: { value: 'NAMES', help: 'processes that decide or stand by, with commas between them' },
  agents: { value: 'NAMES', help: 'processes that work' },
  clients: { value: 'NAMES', help: 'programs and people that announce, and read the log' },
}

const force: OptionSpec = { help: 'also where a key is there already; that one is worthless from then on' }

export const securityGenerate: Command = {
  name: 'security generate',
  summary: 'write the keys of a network on NATS, and what its server is told of them',
  operands: ['FOLDER'],
  options: {
    ...who,
    name: { value: 'NETWORK', help: 'the network in nats://HOST/NETWORK; default main' },
    listen: { value: 'ADDRESS', help: 'HOST:PORT of the server; default 127.0.0.1:4222' },
    store: { value: 'FOLDER', help: 'where the server keeps its streams; default FOLDER/store' },
    cert: { value: 'FILE', help: 'the certificate of the server, in PEM: TLS for everybody' },
    key: { value: 'FILE', help: 'the key of that certificate, in PEM' },
    ca: {
      value: 'FILE',
      help: 'the authority whose certificates everybody who connects has to show, in PEM',
    },
    force,
  },
  examples: [
    [
      'convoke security generate secure --hubs alpha --agents ada,bob --clients ops',
      'then nats-server -c secure/server.conf lets these four in, and nobody else',
    ],
    [
      'convoke security generate secure --hubs alpha --listen 0.0.0.0:4222 --cert server.pem --key server.key',
      'with TLS, for other machines',
    ],
  ],
  notes: [
    'convoke up --credentials secure/keys/alpha.key; likewise agent, announce and the others, each with its own key.',
    'Every key is in a file of its own, which its owner alone may read. server.conf is yours to change; users.conf,\n' +
      'which it includes, is written anew by add and remove, and holds no secret.',
  ],
  run: generateAll,
}

export const securityAdd: Command = {
  name: 'security add',
  summary: 'let somebody else into a network that has keys',
  operands: ['FOLDER'],
  options: { ...who, force },
  examples: [
    ['convoke security add secure --agents carol', 'then nats-server --signal reload'],
    ['convoke security add secure --agents ada --force', 'another key for ada'],
  ],
  run: addSome,
}

export const securityRemove: Command = {
  name: 'security remove',
  summary: 'let somebody into a network no more',
  operands: ['FOLDER', 'NAME'],
  options: {},
  examples: [['convoke security remove secure bob', 'then nats-server --signal reload']],
  run: removeOne,
}

async function generateAll(call: CommandCall): Promise<ExitCode> {
  const { operands, options } = call
  const [folder = ''] = operands
  const wanted = wantedIn(call)
  if (!wanted.some(({ role }) => role === 'hub')) {
    throw usage('the option --hubs is missing, and without a hub nothing is decided', 'Write --hubs alpha.')
  }
  const network = typeof options.name === 'string' ? options.name : 'main'
  const { generate, storeIn } = await import('../host/nats/security/keyring.ts')
  const wishes: ServerWishes = {
    listen: listenIn(call),
    store: typeof options.store === 'string' ? resolve(options.store) : storeIn(folder),
    tls: tlsIn(call),
  }
  if (wishes.tls === undefined && !/^(127\.|localhost:|\[::1\])/.test(wishes.listen)) {
    throw usage(
      `whoever is between here and ${wishes.listen} could read and change everything`,
      'Write --cert FILE --key FILE for TLS; where the way is safe already, change "listen" in server.conf.',
    )
  }
  const written = generate(folder, network, wanted, wishes, options.force !== undefined)
  return tell(call, written, `nats-server -c ${written.server}`)
}

async function addSome(call: CommandCall): Promise<ExitCode> {
  const { operands, options } = call
  const wanted = wantedIn(call)
  if (wanted.length === 0)
    throw usage('nobody is named', 'Write --agents NAME, --hubs NAME or --clients NAME.')
  const { add } = await import('../host/nats/security/keyring.ts')
  return tell(call, add(operands[0] ?? '', wanted, options.force !== undefined), reload)
}

async function removeOne(call: CommandCall): Promise<ExitCode> {
  const [folder = '', name = ''] = call.operands
  const { remove } = await import('../host/nats/security/keyring.ts')
  return tell(call, remove(folder, [name]), reload)
}

const reload = 'nats-server --signal reload'

function wantedIn({ options }: CommandCall): Wanted[] {
  const named = (role: Role, option: string): Wanted[] => {
    const names = options[option]
    if (typeof names !== 'string') return []
    return names.split(',').map((id) => ({ role, id: id.trim() }))
  }
  return [...named('hub', 'hubs'), ...named('agent', 'agents'), ...named('client', 'clients')]
}

function listenIn({ options: { listen } }: CommandCall): string {
  if (listen === undefined) return '127.0.0.1:4222'
  if (typeof listen === 'string' && /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/.test(listen))
    return listen
  throw usage(`the address ${JSON.stringify(listen)} is none`, 'Write --listen HOST:PORT.')
}

function tlsIn({ options: { cert, key, ca } }: CommandCall): ServerWishes['tls'] {
  if (typeof cert === 'string' && typeof key === 'string') {
    return { cert: resolve(cert), key: resolve(key), ca: typeof ca === 'string' ? resolve(ca) : undefined }
  }
  if (cert === undefined && key === undefined && ca === undefined) return undefined
  throw usage('TLS needs --cert and --key', 'Write both; --ca is for certificates of those who connect.')
}

function tell({ json, terminal }: CommandCall, written: Written, next: string): ExitCode {
  if (json) {
    terminal.out(JSON.stringify(written))
    return exit.done
  }
  const { keys, users } = written
  if (keys.length > 0) {
    for (const row of table([
      ['ROLE', 'NAME', 'KEY'],
      ...keys.map(({ role, id, file }) => [role, id, file]),
    ])) {
      terminal.out(row)
    }
  }
  terminal.out(`The server reads ${users}. Next: ${next}`)
  return exit.done
}
