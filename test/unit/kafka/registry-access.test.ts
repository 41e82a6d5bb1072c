import { readFileSync } from 'node:fs'
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../lib/embedded/registry.ts'
import { registryAccess } from '../../../lib/kafka/registry-access.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { kafkaSettings } from '../../../lib/ops/settings.ts'
import { createAuthority, NO_OPENSSL } from '../../helpers/certificates.ts'

const authority = NO_OPENSSL ? null : createAuthority()
const stranger = NO_OPENSSL ? null : createAuthority('a CA that nobody knows')
let stop = async (): Promise<void> => undefined
let registry: EmbeddedRegistry

beforeAll(async () => {
  registry = await startEmbeddedRegistry()
})
afterEach(() => stop())
afterAll(async () => {
  await registry.stop()
  authority?.remove()
  stranger?.remove()
})

interface Visit {
  readonly authorization: string | undefined
  readonly certificate: string | undefined
}

/** The embedded registry behind https, with a guard who may turn visitors away. */
async function behindHttps(
  guard: (visit: Visit) => number | null,
  options: { days?: number; alternativeNames?: string; wantsCertificate?: boolean; by?: typeof authority } = {},
) {
  const { days, alternativeNames, wantsCertificate = false, by = authority } = options
  const own = by!.issue({ name: 'registry', days, alternativeNames })
  const visits: Visit[] = []
  const keys = { cert: readFileSync(own.certificate), key: readFileSync(own.key), ca: readFileSync(authority!.ca) }
  const asks = { requestCert: wantsCertificate, rejectUnauthorized: wantsCertificate }
  const server = createServer({ ...keys, ...asks }, (request: IncomingMessage, response: ServerResponse) => {
    const name = (request.socket as TLSSocket).getPeerCertificate().subject?.CN
    const visit = { authorization: request.headers.authorization, certificate: name ? String(name) : undefined }
    visits.push(visit)
    const status = guard(visit)
    if (status !== null) {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error_code":1,"message":"go away"}')
      return
    }
    const { method, url, headers } = request
    const onward = forward(`${registry.url}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, visits }
}

function open(registry_url: string, access: object) {
  const settings = kafkaSettings.parse({ registry_url, registry: { ca_file: authority?.ca, ...access } })
  return openRegistry({
    url: registry_url,
    clientId: 'test',
    prefix: '',
    retries_max: 0,
    access: registryAccess(settings),
  })
}

describe.skipIf(NO_OPENSSL)('a registry over https', () => {
  it('is asked with a user and a password', async () => {
    const { url, visits } = await behindHttps(() => null)
    const ids = await open(url, { username: 'hw', password: 'hunter22' }).registerAll()
    expect(ids.size).toBeGreaterThan(0)
    const basic = `Basic ${Buffer.from('hw:hunter22').toString('base64')}`
    expect(new Set(visits.map(({ authorization }) => authorization))).toEqual(new Set([basic]))
  })

  it('is asked with a bearer token', async () => {
    const { url, visits } = await behindHttps(() => null)
    await open(url, { token: 'hunter22' }).registerAll()
    expect(new Set(visits.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hunter22']))
  })

  it('is shown our certificate', async () => {
    const { url, visits } = await behindHttps(() => null, { wantsCertificate: true })
    const own = authority!.issue({ name: 'hw-linkage' })
    await open(url, { certificate_file: own.certificate, key_file: own.key }).registerAll()
    expect(new Set(visits.map(({ certificate }) => certificate))).toEqual(new Set(['hw-linkage']))
    await expect(open(url, {}).registerAll()).rejects.toMatchObject({ code: 'E_TLS' })
  })

  it.each([
    [401, /did not authenticate user hw \(status 401\); check kafka\.registry$/],
    [403, /does not permit this to user hw \(status 403\)/],
  ])('that answers %i is no registry that is away, whatever is asked', async (status, sentence) => {
    const { url } = await behindHttps(() => status)
    const refused = open(url, { username: 'hw', password: 'hunter22' })
    for (const ask of [() => refused.registerAll(), () => refused.idOf('requests'), () => refused.schemaById(1)]) {
      const failure: unknown = await ask().catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'E_REGISTRY_REFUSED', status })
      expect(String(failure)).toMatch(sentence)
      expect(String(failure)).not.toContain('hunter22')
    }
  })

  it.each([
    ['signed by a CA that we do not know', { by: stranger }, /give that CA in kafka\.registry\.ca_file$/],
    ['for another name', { alternativeNames: 'DNS:elsewhere' }, /is for another name/],
    ['that has expired', { days: -1 }, /has expired/],
  ])('is refused with a certificate %s', async (_what, options, hint) => {
    const { url, visits } = await behindHttps(() => null, options)
    const failure: unknown = await open(url, {})
      .idOf('requests')
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'E_TLS' })
    expect(String(failure)).toMatch(hint)
    expect(visits).toEqual([])
  })
})
