import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import kafkajs, { type AclEntry, type Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { createCodec } from '../../../lib/avro/codec.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../lib/embedded/registry.ts'
import { type Acl, aclEntry } from '../../../lib/kafka/acls.ts'
import { createKafka, type KafkaClient } from '../../../lib/kafka/client.ts'
import { connectionSecurity } from '../../../lib/kafka/connection-security.ts'
import { readerGroups, readTopic } from '../../../lib/kafka/reader.ts'
import { anonymousAccess } from '../../../lib/kafka/registry-access.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { type Authority, createAuthority, NO_OPENSSL } from '../../helpers/certificates.ts'
import { hydrawatch, jsonLines, type RunningCli, scratch, startHydrawatch } from '../../helpers/cli.ts'
import { NO_SECURE_KAFKA, type SecureKafka, startSecureKafka, unsignedToken } from '../../helpers/secure-kafka.ts'
import { waitFor } from '../../helpers/wait-for.ts'

// Each role is somebody else, by another mechanism, with the rights that `topics apply --acls` gives it and no others.
const WHY_NOT = NO_SECURE_KAFKA ?? NO_OPENSSL
if (WHY_NOT !== null) process.stderr.write(`secured Kafka: skipped, ${WHY_NOT}\n`)

const PREFIX = 'eu.'
const PASSWORD = 'canary-password-1b7f'
const CLIENT_SECRET = 'canary-client-secret-93ac'
const WRONG = 'canary-wrong-password-55d0'
// A minute two days before the others.
const TOO_LATE = -2_880
const files = scratch()
const said: string[] = []
let authority: Authority
let kafka: SecureKafka
let registry: EmbeddedRegistry
let tokens: { url: string; stop(): Promise<void> }
let roles: Record<string, NodeJS.ProcessEnv>

type Env = NodeJS.ProcessEnv

/** Environment of a command that connects over TLS. */
function secured(brokers: string, env: Env): Env {
  return {
    KAFKA_BROKERS: brokers,
    SCHEMA_REGISTRY_URL: registry.url,
    HYDRAWATCH_TOPICS_PREFIX: PREFIX,
    HYDRAWATCH_TOPICS_PARTITIONS: '2',
    HYDRAWATCH_HOPS_SILENCE_MS: '500',
    HYDRAWATCH_KAFKA_TLS_ENABLED: 'true',
    HYDRAWATCH_KAFKA_TLS_CA_FILE: authority.ca,
    HYDRAWATCH_LOG_LEVEL: 'debug',
    ...env,
  }
}

function byPassword(mechanism: string, username: string, password = PASSWORD): Env {
  return secured(kafka.sasl, {
    HYDRAWATCH_KAFKA_SASL_MECHANISM: mechanism,
    HYDRAWATCH_KAFKA_SASL_USERNAME: username,
    HYDRAWATCH_KAFKA_SASL_PASSWORD: password,
  })
}

function byToken(env: Env): Env {
  return secured(kafka.sasl, { HYDRAWATCH_KAFKA_SASL_MECHANISM: 'oauthbearer', ...env })
}

async function run(argv: string[], env: Env) {
  const result = await hydrawatch(argv, { env })
  said.push(result.out, result.err)
  return result
}

/** Runs a stage until `isDone`, then ends it. */
async function runStage(stage: string, isDone: () => Promise<boolean>): Promise<void> {
  const running = startHydrawatch(['run', stage], roles[stage])
  let status: number | null = null
  void running.status.then((ended) => {
    status = ended
  })
  try {
    await waitFor(`the ${stage} stage to be done`, async () => {
      if (status !== null) throw new Error(`${stage} ended by itself with ${status}: ${sentence(running)}`)
      return isDone()
    })
  } finally {
    await running.stop()
    said.push(running.io.out(), running.io.err())
  }
}

/** Runs a stage that is to end by itself. */
async function endOf(stage: string): Promise<{ status: number | null; reason: string }> {
  const running = startHydrawatch(['run', stage], roles[stage])
  let ended: number | null = null
  void running.status.then((status) => {
    ended = status
  })
  await waitFor('the stage to end', () => ended !== null).catch(() => running.stop())
  said.push(running.io.out(), running.io.err())
  return { status: ended, reason: sentence(running) }
}

function sentence({ io }: RunningCli): string {
  return io
    .err()
    .split('\n')
    .filter((line) => line.startsWith('hydrawatch: '))
    .join('\n')
}

/** Last hop that each task of a stage has committed. */
async function lastHops(stage: string): Promise<unknown[]> {
  const lag = await run(['lag', '--json'], roles.lag ?? {})
  expect(lag.status, lag.err).toBe(0)
  return jsonLines(lag.out)
    .filter((row) => row.stage === stage)
    .map(({ hop }) => hop)
}

function requests(from_minute: number, count: number): string {
  return Array.from({ length: count }, (_, i) =>
    JSON.stringify({
      type: 'request',
      event_id: `e-${from_minute}-${i}`,
      event_time: new Date(Date.UTC(2026, 2, 2, 8, from_minute + i)).toISOString(),
      account_id: `acct-${i % 5}`,
      request_model: 'model-a',
      response: { status: 200 },
    }),
  ).join('\n')
}

/** The ACLs that `topics apply --acls --json` has printed. */
function aclsIn({ out }: { readonly out: string }, role?: string): Acl[] {
  return jsonLines<Acl>(out).filter((acl) => role === undefined || acl.role === role)
}

/** A client of our own who gives a name and the password. */
function clientOf(username: string): KafkaClient {
  const { kafka: settings } = settingsSchema.parse({
    kafka: {
      brokers: [kafka.sasl],
      tls: { enabled: true, ca_file: authority.ca },
      sasl: { mechanism: 'scram-sha-512', username, password: PASSWORD },
    },
  })
  const security = connectionSecurity(settings, Date.now)
  return createKafka({ brokers: settings.brokers, clientId: username, security, log: () => undefined })
}

/** Joins a group and fetches until a topic has answered once. */
async function fetchOnce(client: KafkaClient, groupId: string, topic: string): Promise<void> {
  const consumer = client.consumer({ groupId, allowAutoTopicCreation: false })
  try {
    await client.reach(`reading ${topic}`, async () => {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic] })
      const fetched = new Promise((resolve, reject) => {
        consumer.on(consumer.events.FETCH, resolve)
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
      })
      await Promise.all([consumer.run({ eachMessage: async () => undefined }), fetched])
    })
  } finally {
    await consumer.disconnect()
  }
}

async function startTokenEndpoint() {
  const server = createServer((request, response) => {
    const [, basic = ''] = request.headers.authorization?.split(' ') ?? []
    const [client, secret] = Buffer.from(basic, 'base64').toString().split(':')
    if (secret !== CLIENT_SECRET) {
      response.writeHead(401).end('{"error":"invalid_client"}')
      return
    }
    const life_s = 3_600
    response.end(
      JSON.stringify({ access_token: unsignedToken(String(client), Date.now(), life_s), expires_in: life_s }),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/token`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

describe.skipIf(WHY_NOT)('a Kafka that wants TLS, SASL and ACLs', () => {
  let admin: Admin

  beforeAll(async () => {
    authority = createAuthority()
    registry = await startEmbeddedRegistry()
    tokens = await startTokenEndpoint()
    kafka = await startSecureKafka({
      authority,
      plainUsers: { 'hydrawatch-producers': PASSWORD, 'hydrawatch-lag': PASSWORD },
      scramUsers: [
        { name: 'hydrawatch-fingerprints', password: PASSWORD, mechanism: 'scram-sha-256' },
        { name: 'hydrawatch-detectors', password: PASSWORD, mechanism: 'scram-sha-512' },
        ...['topics', 'dead-letters', 'dead-letters-replay', 'erasure', 'readers', 'gateways'].map((role) => ({
          name: `hydrawatch-${role}`,
          password: PASSWORD,
          mechanism: 'scram-sha-512' as const,
        })),
      ],
    })
    const own = authority.issue({ name: 'hw-enforcement' })
    roles = {
      topics: byPassword('scram-sha-512', 'hydrawatch-topics'),
      producers: byPassword('plain', 'hydrawatch-producers'),
      lag: byPassword('plain', 'hydrawatch-lag'),
      'dead-letters': byPassword('scram-sha-512', 'hydrawatch-dead-letters'),
      'dead-letters-replay': byPassword('scram-sha-512', 'hydrawatch-dead-letters-replay'),
      erasure: byPassword('scram-sha-512', 'hydrawatch-erasure'),
      fingerprints: byPassword('scram-sha-256', 'hydrawatch-fingerprints'),
      detectors: byPassword('scram-sha-512', 'hydrawatch-detectors'),
      linkage: byToken({
        HYDRAWATCH_KAFKA_SASL_OAUTH_TOKEN_URL: tokens.url,
        HYDRAWATCH_KAFKA_SASL_OAUTH_CLIENT_ID: 'hydrawatch-linkage',
        HYDRAWATCH_KAFKA_SASL_OAUTH_CLIENT_SECRET: CLIENT_SECRET,
      }),
      campaigns: byToken({
        HYDRAWATCH_KAFKA_SASL_OAUTH_TOKEN_FILE: files.write(
          'campaigns.token',
          `${unsignedToken('hydrawatch-campaigns', Date.now(), 3_600)}\n`,
        ),
      }),
      enforcement: secured(kafka.mutual, {
        HYDRAWATCH_KAFKA_TLS_CERTIFICATE_FILE: own.certificate,
        HYDRAWATCH_KAFKA_TLS_KEY_FILE: own.key,
      }),
    }
    admin = new kafkajs.Kafka({ brokers: [kafka.open], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
  }, 180_000)

  afterAll(async () => {
    await admin?.disconnect()
    await kafka?.stop()
    await tokens?.stop()
    await registry?.stop()
    authority?.remove()
  }, 60_000)

  it('carries records through every stage when each role has its ACLs, by every mechanism', async () => {
    const superUser = {
      KAFKA_BROKERS: kafka.open,
      SCHEMA_REGISTRY_URL: registry.url,
      HYDRAWATCH_TOPICS_PREFIX: PREFIX,
      HYDRAWATCH_TOPICS_PARTITIONS: '2',
    }
    const before = await run(['topics', 'apply'], roles.topics ?? {})
    expect(before.status).toBe(1)
    expect(before.err).toMatch(/hydrawatch-topics by scram-sha-512 may not Describe topic eu\.accounts, eu\.alerts, /)

    // Topics by the role that is there for them, in a deployment that has nothing else.
    const other = { HYDRAWATCH_TOPICS_PREFIX: 'other.' }
    const needed = await run(['topics', 'apply', '--acls', '--json'], { ...superUser, ...other })
    await admin.createAcls({ acl: aclsIn(needed, 'topics').map(aclEntry) })
    await waitFor(
      'the topics to be made',
      async () => (await run(['topics', 'apply'], { ...roles.topics, ...other })).status === 0,
    )

    const principal = ['--principal', 'enforcement=User:CN=hw-enforcement,O=tests']
    const applied = await run(['topics', 'apply', '--acls', 'apply', ...principal], superUser)
    expect(applied.status, applied.err).toBe(0)
    const listed = await run(['topics', 'apply', '--acls', '--json', ...principal], superUser)
    for (const acl of aclsIn(listed)) await waitFor(JSON.stringify(acl), () => hasAcl(aclEntry(acl)))

    const produced = await run(
      ['produce', files.write('first.ndjson', `${requests(0, 30)}\nnot json\n`), '--end-of-input'],
      roles.producers ?? {},
    )
    expect(produced.status, produced.err).toBe(0)
    for (const stage of STAGE_NAMES) {
      await runStage(stage, async () => (await lastHops(stage)).every((hop) => hop !== null))
    }
    const looked = await run(['doctor', '--json'], roles.lag ?? {})
    expect(looked.status, looked.out).toBe(0)
    expect(jsonLines(looked.out)).toContainEqual({
      check: 'connection',
      state: 'ok',
      detail: 'SASL_SSL, as hydrawatch-lag by plain',
    })
  })

  it('lets a stage do nothing when any one of its ACLs is missing, and says which', async () => {
    const produced = await run(
      ['produce', files.write('second.ndjson', `${requests(60, 30)}\n${requests(TOO_LATE, 1)}`), '--end-of-input'],
      roles.producers ?? {},
    )
    expect(produced.status, produced.err).toBe(0)
    const cut = async () => (await lastHops('fingerprints')).join()
    const before = await cut()
    await runStage('fingerprints', async () => (await cut()) !== before)

    const stands = await lastHops('linkage')
    const acls = aclsIn(await run(['topics', 'apply', '--acls', '--json'], roles.linkage ?? {}), 'linkage')
    expect(acls.length).toBe(7)
    const refusals: string[] = []
    for (const acl of acls) {
      const { operation, resource, name } = acl
      const entry = aclEntry(acl)
      await admin.deleteAcls({ filters: [entry] })
      await waitFor('the ACL to be gone', async () => !(await hasAcl(entry)))
      const { status, reason } = await endOf('linkage')
      expect([operation, resource, name, status]).toEqual([operation, resource, name, 1])
      const refusal = /hydrawatch-linkage by oauthbearer may not (.*);/.exec(reason)?.[1] ?? reason
      // Which of the two tasks is the first to say so is open.
      refusals.push(refusal.replace(/\.[01]$/, '.N'))
      await admin.createAcls({ acl: [entry] })
      await waitFor('the ACL', () => hasAcl(entry))
    }
    // Where nothing of a resource is left, the first thing that is refused is to look at it.
    expect(refusals).toEqual([
      'Describe topic eu.sightings',
      'Read topic eu.linkage.state',
      'Describe topic eu.links',
      'Write topic eu.linkage.state',
      'Describe topic eu.dead-letters',
      'Describe group eu.hydrawatch.linkage',
      'Describe transactional id eu.hydrawatch.linkage.N',
    ])
    expect(await lastHops('linkage')).toEqual(stands)
    await runStage('linkage', async () => (await lastHops('linkage')).join() !== stands.join())
  })

  it('lets dead letters be seen by those who may see them, and written back by those who may replay them', async () => {
    const letters = (role: string, ...argv: string[]) => run(['dead-letters', ...argv, '--json'], roles[role] ?? {})
    const listed = await letters('dead-letters', 'list')
    expect(listed.status, listed.err).toBe(0)
    const positions = new Map(jsonLines(listed.out).map(({ reason, position }) => [reason, String(position)]))
    expect([...positions.keys()].sort()).toEqual(['invalid_json', 'too_late'])
    const late = positions.get('too_late') ?? ''
    expect((await letters('dead-letters', 'show', late)).status).toBe(0)

    const refused = await letters('dead-letters', 'replay', late, '--accept-late')
    expect([refused.status, refused.err]).toEqual([1, expect.stringMatching(/hydrawatch-dead-letters .* may not /)])
    const replayed = await letters('dead-letters-replay', 'replay', late, '--accept-late')
    expect([replayed.status, ...jsonLines(replayed.out).map(({ done }) => done)]).toEqual([0, 'written back'])
  })

  it('lets accounts be erased by the role for it, and not by those who only look', async () => {
    const refused = await run(['erase', 'acct-1'], roles.lag ?? {})
    expect([refused.status, refused.err]).toEqual([1, expect.stringMatching(/hydrawatch-lag .* may not /)])
    const erased = await run(['erase', 'acct-1', '--json'], roles.erasure ?? {})
    expect(erased.status, erased.err).toBe(0)
    expect(jsonLines(erased.out)[0]).toMatchObject({ account_id: 'acct-1', record: expect.stringMatching(/^none/) })
  })

  it('lets readers read results, gateways decisions, and neither of them anything else', async () => {
    const asReader = clientOf('hydrawatch-readers')
    const access = anonymousAccess()
    const codec = createCodec(
      openRegistry({ url: registry.url, clientId: 'test', retries_max: 0, prefix: PREFIX, access }),
    )
    const reading = { kafka: asReader, codec, prefix: PREFIX }
    expect(await readTopic({ ...reading, topic: 'alerts' })).not.toEqual([])
    for (const topic of ['campaigns', 'decisions'] as const) await readTopic({ ...reading, topic })
    await expect(readTopic({ ...reading, topic: 'requests' })).rejects.toThrow(/hydrawatch-readers .* may not /)
    // Groups that a reader may not delete would stay.
    const { groups } = await admin.listGroups()
    expect(groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(readerGroups(PREFIX)))).toEqual([])

    const asGateway = clientOf('hydrawatch-gateways')
    await fetchOnce(asGateway, 'eu.hydrawatch-gateway-1', 'eu.decisions')
    await expect(fetchOnce(asGateway, 'eu.hydrawatch-gateway-1', 'eu.alerts')).rejects.toThrow(/may not /)
    await expect(fetchOnce(asGateway, 'eu.other', 'eu.decisions')).rejects.toThrow(/may not /)
  })

  it('is told apart from a broker that is away, at the first attempt', async () => {
    const stranger = createAuthority('a CA that nobody knows')
    const expired = authority.issue({ name: 'hw-expired', days: -1 })
    const tlsOnly = secured(kafka.sasl, {})
    const user = 'hydrawatch-lag'
    const withToken = (name: string, token: string) =>
      byToken({ HYDRAWATCH_KAFKA_SASL_OAUTH_TOKEN_FILE: files.write(name, token) })
    const old = unsignedToken(user, Date.now() - 7_200_000, 3_600)
    const cases: [what: string, env: Env, check: string, sentence: RegExp][] = [
      ['a wrong password', byPassword('plain', user, WRONG), 'broker', /did not authenticate hydrawatch-lag by plain /],
      [
        'a wrong password',
        byPassword('scram-sha-256', 'hydrawatch-fingerprints', WRONG),
        'broker',
        /did not authenticate /,
      ],
      [
        'an unknown user',
        byPassword('scram-sha-512', 'nobody'),
        'broker',
        /did not authenticate nobody by scram-sha-512 /,
      ],
      [
        'an old token',
        withToken('old.token', old),
        'broker',
        /did not authenticate .*\(the broker refused the token: invalid_token\)/,
      ],
      [
        'a wrong client secret',
        { ...roles.linkage, HYDRAWATCH_KAFKA_SASL_OAUTH_CLIENT_SECRET: WRONG },
        'broker',
        /no oauthbearer token from .*\(status 401, invalid_client\)/,
      ],
      [
        'a CA that we do not know',
        { ...roles.lag, HYDRAWATCH_KAFKA_TLS_CA_FILE: stranger.ca },
        'broker',
        /no TLS connection with 127\.0\.0\.1:\d+ .*give that CA in kafka\.tls\.ca_file/,
      ],
      [
        'another name',
        { ...roles.lag, HYDRAWATCH_KAFKA_TLS_SERVER_NAME: 'kafka.elsewhere' },
        'broker',
        /its certificate is for another name/,
      ],
      ['no certificate of ours', secured(kafka.mutual, {}), 'broker', /check kafka\.tls\.certificate_file/],
      [
        'an expired certificate of ours',
        secured(kafka.mutual, {
          HYDRAWATCH_KAFKA_TLS_CERTIFICATE_FILE: expired.certificate,
          HYDRAWATCH_KAFKA_TLS_KEY_FILE: expired.key,
        }),
        'connection',
        /our certificate ended at /,
      ],
      [
        'plaintext at a TLS port',
        { KAFKA_BROKERS: kafka.sasl, SCHEMA_REGISTRY_URL: registry.url },
        'broker',
        /it speaks TLS and we do not; set kafka\.tls\.enabled/,
      ],
      [
        'TLS at a plaintext port',
        { ...tlsOnly, KAFKA_BROKERS: kafka.open, HYDRAWATCH_KAFKA_RETRIES_MAX: '1' },
        'broker',
        /it ended the TLS handshake, as a plaintext port does/,
      ],
      [
        'nobody where somebody is wanted',
        { ...tlsOnly, HYDRAWATCH_KAFKA_RETRIES_MAX: '1' },
        'broker',
        /it ended the connection, as a listener does that wants kafka\.tls or kafka\.sasl/,
      ],
      [
        'somebody where nobody is wanted',
        {
          ...roles.lag,
          KAFKA_BROKERS: kafka.open,
          HYDRAWATCH_KAFKA_TLS_ENABLED: 'false',
          HYDRAWATCH_KAFKA_TLS_CA_FILE: '',
        },
        'broker',
        /did not authenticate hydrawatch-lag by plain/,
      ],
      [
        'no right to see a topic',
        roles.linkage ?? {},
        'topics',
        /hydrawatch-linkage by oauthbearer may not Describe topic eu\.accounts, /,
      ],
    ]
    for (const [what, env, check, sentence] of cases) {
      const looked = await run(['doctor', '--json'], env)
      const failed = jsonLines(looked.out).filter(({ state }) => state === 'failed')
      expect([what, looked.status, failed[0]?.check]).toEqual([what, 1, check])
      expect(`${what}: ${String(failed[0]?.detail)}`).toMatch(sentence)
      const isRetried = 'HYDRAWATCH_KAFKA_RETRIES_MAX' in env
      if (!isRetried) expect([what, looked.err.match(/"retryCount":[1-9]/)]).toEqual([what, null])
    }
    stranger.remove()
  })

  it('has heard no secret of ours printed, at any level of the log', () => {
    expect(said.join('')).toContain('"level":"debug"')
    const tokens = ['campaigns.token', 'old.token'].map((name) => files.read(name).trim())
    for (const secret of [PASSWORD, CLIENT_SECRET, WRONG, ...tokens]) {
      expect(
        said.filter((text) => text.includes(secret) || text.includes(Buffer.from(secret).toString('base64'))),
      ).toEqual([])
    }
  })

  async function hasAcl(entry: AclEntry): Promise<boolean> {
    const { resources } = await admin.describeAcls(entry)
    return resources.length > 0
  }
})
