/**
 * Encryption: who is not trusted is told in one sentence with the way out, on both sides. The certificates are made as
 * docs/operating.md says.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Network } from '../../src/index.ts'
import { hasNats, natsFor, patient } from '../nats.ts'
import { agent, need } from '../network/stage.ts'
import { root } from '../tidy/source.ts'
import { type Stand, standFor } from './stand.ts'

const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0

const hasPython = spawnSync('python3', ['--version'], { stdio: 'ignore' }).status === 0

interface Papers {
  /** The authority, and one that has signed nothing here. */
  readonly ca: string
  readonly otherCa: string
  /** Makes a certificate and its key for names such as `IP:127.0.0.1`. */
  paper(name: string, san: string, days?: number): { readonly cert: string; readonly key: string }
}

function papersFor(t: TestContext): Papers {
  const folder = mkdtempSync(join(tmpdir(), 'convoke-tls-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const openssl = (...words: readonly string[]): void => {
    execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' })
  }
  const authority = (name: string): string => {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
    openssl('req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '3650', '-subj', `/CN=${name}`, ...files)
    return join(folder, `${name}.pem`)
  }
  return {
    ca: authority('ca'),
    otherCa: authority('other'),
    paper(name, san, days = 365) {
      writeFileSync(join(folder, `${name}.san`), `subjectAltName=${san}\n`)
      const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`]
      openssl('req', '-newkey', 'ed25519', '-nodes', '-subj', `/CN=${name}`, ...request)
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', `${days}`, '-extfile', `${name}.san`]
      openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signed)
      return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
    },
  }
}

async function refused(
  stand: Stand,
  tls: { ca?: string; cert?: string; key?: string } | undefined,
): Promise<string> {
  let said = ''
  const options = { credentials: stand.key('ops'), ...(tls === undefined ? {} : { tls }) }
  await assert.rejects(
    Network.open(stand.server.url, options),
    (fault: Error & { code: string; hint: string }) => {
      assert.equal(fault.code, 'E_UNREACHABLE', fault.message)
      assert.ok(!fault.message.includes('\n'))
      said = `${fault.message} / ${fault.hint}`
      return true
    },
  )
  return said
}

if (hasNats('SEC-6 TLS on a real server')) {
  test(
    'SEC-6 over TLS everything works where the authority is named, and nothing where it is not',
    patient,
    async (t) => {
      if (!hasOpenssl) return t.skip('skipped: openssl is not installed')
      const { ca, otherCa, paper } = papersFor(t)
      const stand = await standFor(t, { ...paper('server', 'DNS:localhost,IP:127.0.0.1'), ca: undefined })
      await stand.open('alpha', { tls: { ca } })
      const ada = await stand.open('ada', { tls: { ca } })
      await agent(ada, 'ada', () => 'safe')
      const ops = await Network.open(
        stand.server.url.replace('nats:', 'tls:').replace('127.0.0.1', 'localhost'),
        {
          credentials: stand.key('ops'),
          tls: { ca },
        },
      )
      t.after(() => ops.close())
      assert.equal((await (await ops.announce(need())).outcome()).status, 'completed')
      assert.match(await refused(stand, undefined), /certificate.* \/ .*--ca FILE/)
      assert.match(await refused(stand, { ca: otherCa }), /certificate.* \/ .*--ca FILE/)
      assert.match(await refused(stand, { ca: '/none.pem' }), /none\.pem/)
    },
  )

  test('SEC-8 the agent in Python signs over TLS as well', patient, async (t) => {
    if (!hasOpenssl || !hasPython) return t.skip('skipped: openssl or python3 is not installed')
    const { ca, paper } = papersFor(t)
    const stand = await standFor(t, { ...paper('server', 'DNS:localhost,IP:127.0.0.1'), ca: undefined })
    const hub = await stand.open('alpha', { tls: { ca } })
    const { port } = new URL(stand.server.url.replace('nats', 'http'))
    const script = join(root, 'examples/python/agent.py')
    const words = [script, 'localhost', port, 'main', 'bob', 'counting', stand.key('bob'), ca]
    const python = spawn('python3', words, { stdio: 'ignore' })
    t.after(() => python.kill('SIGKILL'))
    const task = await hub.announce(need({ requires: [{ skill: 'counting' }], payload: 'one two' }))
    assert.deepEqual((await task.outcome()).results.counting?.[0]?.result, { words: 2 })
  })

  test('SEC-6 a certificate that is over, or for another name, is not trusted', patient, async (t) => {
    if (!hasOpenssl) return t.skip('skipped: openssl is not installed')
    const { ca, paper } = papersFor(t)
    const over = await standFor(t, { ...paper('over', 'IP:127.0.0.1', -1), ca: undefined })
    assert.match(await refused(over, { ca }), /expired.* \/ .*still valid/)
    const other = await standFor(t, { ...paper('other-name', 'DNS:elsewhere'), ca: undefined })
    assert.match(await refused(other, { ca }), /127\.0\.0\.1.* \/ .*name/)
    // Where the address is a number, a certificate for "localhost" is for another name too.
    const local = await standFor(t, { ...paper('local', 'DNS:localhost'), ca: undefined })
    assert.match(await refused(local, { ca }), /127\.0\.0\.1.* \/ .*name/)
  })

  test(
    'SEC-6 a server that asks for a certificate lets in whoever has one, and only with a key',
    patient,
    async (t) => {
      if (!hasOpenssl) return t.skip('skipped: openssl is not installed')
      const { ca, paper } = papersFor(t)
      const stand = await standFor(t, { ...paper('server', 'IP:127.0.0.1'), ca })
      assert.match(await refused(stand, { ca }), / \/ .*--cert FILE --key FILE/)
      const tls = { ca, ...paper('client', 'DNS:client') }
      const hub = await stand.open('alpha', { tls })
      assert.equal(hub.status().connected, true)
      await assert.rejects(Network.open(stand.server.url, { tls }), { code: 'E_FORBIDDEN' })
    },
  )

  test('SEC-6 a way that is meant to be encrypted is not used without', patient, async (t) => {
    const server = await natsFor(t)
    await assert.rejects(
      Network.open(server.url.replace('nats:', 'tls:')),
      (fault: { code: string; hint: string }) => {
        assert.equal(fault.code, 'E_UNREACHABLE')
        assert.match(fault.hint, /Configure TLS/)
        return true
      },
    )
  })
}
