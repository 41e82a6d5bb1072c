import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Codec, createCodec } from '../../../lib/avro/codec.ts'
import { frame } from '../../../lib/avro/wire-format.ts'
import { createKafka, type KafkaClient } from '../../../lib/kafka/client.ts'
import { openPublisher, type Publisher, sendRecords } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { deleteTopics } from '../../../lib/kafka/topics.ts'
import type { DeadLetter, Outcome } from '../../../schemas/types.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { hydrawatch, jsonLines, scratch, startHydrawatch } from '../../helpers/cli.ts'
import { deployment } from '../../helpers/deployment.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const files = scratch()
let broker: TestBroker
let env: ReturnType<typeof deployment>
let kafka: KafkaClient
let codec: Codec
let publisher: Publisher

const outcome: Outcome = {
  event_id: null,
  event_time_ms: 1_000,
  account_id: 'acct-7',
  outcome: 'cleared',
  alert_id: null,
  reason_code: 'looks fine, said the analyst',
}

/** A letter as a stage writes it about the record at `offset` of a partition. */
function letterOf(changes: Partial<DeadLetter>): DeadLetter {
  return {
    source: 'outcomes',
    partition: 1,
    offset: 5,
    line: null,
    stage: 'campaigns',
    reason: 'unknown_schema',
    detail: 'the registry has no schema 9',
    key: Buffer.from('acct-7'),
    headers: [{ name: 'trace', value: Buffer.from('t-1') }],
    payload: codec.encode('outcomes', outcome),
    size_bytes: 40,
    content_hash: null,
    replayed: false,
    ...changes,
  }
}

async function put(...letters: DeadLetter[]): Promise<void> {
  await publisher.publish(letters.map((value) => ({ topic: 'dead-letters', key: value.source, value })))
}

async function deadLetters(...argv: string[]) {
  const run = await hydrawatch(['dead-letters', ...argv, '--json'], { env })
  return { ...run, rows: run.status === 0 ? jsonLines(run.out) : [] }
}

const outcomes = () => readTopic({ kafka, codec, prefix: env.HYDRAWATCH_TOPICS_PREFIX, topic: 'outcomes' })

beforeAll(async () => {
  broker = await openBroker()
  env = deployment(broker)
  expect((await hydrawatch(['topics', 'apply'], { env })).status).toBe(0)
  const prefix = env.HYDRAWATCH_TOPICS_PREFIX
  kafka = createKafka({ brokers: broker.brokers, clientId: 'test', log: () => undefined })
  codec = createCodec(openRegistry({ url: broker.registryUrl, clientId: 'test', prefix }))
  await codec.prepareTopics(['outcomes', 'requests'])
  publisher = await openPublisher({ kafka, codec, prefix, partitions: 2, topics: ['dead-letters'] })
})

afterAll(async () => {
  await publisher.close()
  if (broker.kind === 'external') await deleteTopics(kafka, env.HYDRAWATCH_TOPICS_PREFIX)
  await broker.close()
})

describe('dead-letters', () => {
  it('says so when there are none, and what it takes', async () => {
    const none = await hydrawatch(['dead-letters', 'list'], { env })
    expect([none.status, none.out]).toEqual([0, 'no dead letters\n'])
    for (const argv of [
      ['shred'],
      ['show'],
      ['show', '0/1', '0/2'],
      ['show', '1/1'],
      ['show', 'first'],
      ['list', '0/1'],
      ['list', '--raw', 'x'],
      ['list', '--limit', '-1'],
      ['replay'],
      ['replay', '--since', 'yesterday'],
      ['replay', '--limit', '1', '--reason', 'x'],
    ]) {
      const run = await deadLetters(...argv)
      expect([argv, run.status, run.err.startsWith('hydrawatch: ')]).toEqual([argv, 2, true])
    }
    expect((await deadLetters('show', '0/4711')).err).toMatch(/no letter at 0\/4711/)
    expect((await deadLetters('replay', '0/4711')).err).toMatch(/no letter at 0\/4711/)
  })

  it('lists counts and the newest, and shows one without its text', async () => {
    await put(
      letterOf({}),
      letterOf({ stage: 'fingerprints' }),
      letterOf({ source: 'events.ndjson', partition: null, offset: null, line: 3, stage: 'intake', payload: null }),
    )
    const { rows } = await deadLetters('list', '--limit', '2')
    expect(rows.slice(0, 3)).toMatchObject([
      { stage: 'campaigns', reason: 'unknown_schema', source: 'outcomes', letters: 1, replayed: 0, size_bytes: 40 },
      { stage: 'fingerprints', letters: 1 },
      { stage: 'intake', source: 'events.ndjson', letters: 1 },
    ])
    expect(rows.slice(3)).toMatchObject([
      { position: '0/1', place: 'outcomes/1@5' },
      { position: '0/2', place: 'events.ndjson:3' },
    ])
    expect((await deadLetters('list', '--stage', 'intake')).rows).toHaveLength(2)
    expect((await deadLetters('list', '--since', '2100-01-01T00:00:00Z')).rows).toEqual([])

    const raw = files.path('raw')
    const shown = await deadLetters('show', '0/0', '--raw', raw)
    expect(shown.rows).toMatchObject([
      {
        key: 'acct-7',
        headers: { trace: 't-1' },
        payload: { schema_id: expect.any(Number), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        decoded: { account_id: 'acct-7', outcome: 'cleared', reason_code: '(28 characters)' },
      },
    ])
    expect(shown.out).not.toContain('analyst')
    expect(files.read('raw')).toContain('analyst')
    expect((await deadLetters('show', '0/2', '--raw', raw)).err).toMatch(/were not kept/)
  })

  it('writes a record back once, to where it came from, however many letters name it', async () => {
    const plan = await deadLetters('replay', '--source', 'outcomes', '--dry-run')
    expect(plan.rows.map(({ done }) => done)).toEqual(['would be written back', 'skipped'])
    expect(await outcomes()).toEqual([])

    const first = await deadLetters('replay', '--source', 'outcomes')
    expect(first.rows).toMatchObject([
      { position: '0/0', place: 'outcomes/1@5', done: 'written back', why: null },
      { position: '0/1', done: 'skipped', why: 'written back before' },
    ])
    const second = await deadLetters('replay', '0/0')
    expect(second.rows).toMatchObject([{ done: 'skipped' }])
    expect(await outcomes()).toMatchObject([{ partition: 1, key: 'acct-7', value: outcome }])

    const again = await deadLetters('replay', '0/0', '--again')
    expect(again.rows).toMatchObject([{ done: 'written back' }])
    expect(await outcomes()).toHaveLength(2)
    const { rows } = await deadLetters('list', '--stage', 'campaigns')
    expect(rows[0]).toMatchObject({ letters: 1, replayed: 2 })
  })

  it('refuses what would only become a letter again, with the reason', async () => {
    const before = await outcomes()
    await put(
      letterOf({ offset: 100, stage: 'refused', payload: frame(4_711, Buffer.from([1])) }),
      letterOf({ offset: 101, stage: 'refused', payload: null, size_bytes: 950_000 }),
      letterOf({ offset: 102, stage: 'refused', reason: 'too_late' }),
      letterOf({ offset: 103, stage: 'refused', source: 'signals' }),
      letterOf({ offset: 104, stage: 'refused', partition: 7 }),
      letterOf({ source: 'a.ndjson', partition: null, offset: null, line: 1, stage: 'refused', payload: null }),
    )
    const { rows } = await deadLetters('replay', '--stage', 'refused')
    expect(rows.map(({ done }) => done)).toEqual(Array(6).fill('refused'))
    expect(rows.map(({ why }) => why)).toEqual([
      'still unreadable: the registry has no schema 4711',
      'its bytes were not kept (950000 of them)',
      expect.stringContaining('--accept-late'),
      expect.stringContaining('hop by hop'),
      'outcomes has no partition 7 any more',
      expect.stringContaining('produce it again'),
    ])
    expect(await outcomes()).toEqual(before)
  })
})

it('a late request is a letter with its bytes, and counts in the open hop when it is replayed to', async () => {
  const at = (minute: number, account_id: string) => ({
    type: 'request',
    event_id: `late-${account_id}-${minute}`,
    event_time: new Date(Date.UTC(2026, 2, 2, 8, minute)).toISOString(),
    account_id,
    request_model: 'm',
    response: { status: 200 },
  })
  const ndjson = (events: object[]) => events.map((event) => JSON.stringify(event)).join('\n')
  const prefix = env.HYDRAWATCH_TOPICS_PREFIX
  const producer = kafka.idempotentProducer()
  await producer.connect()
  // The same partition, whatever the account: what comes late is late behind what stands before it.
  const [clock] = [at(200, 'clock')]
  expect((await hydrawatch(['produce', files.write('a', ndjson([clock])), '--end-of-input'], { env })).status).toBe(0)
  const requests = await readTopic({ kafka, codec, prefix, topic: 'requests' })
  const template = requests.find(({ value }) => value !== null)
  if (!template?.value) throw new Error('the request was not produced')
  const late_ms = Date.UTC(2026, 2, 2, 8, 0)
  const tardy = {
    ...template.value,
    event_id: 'tardy',
    account_id: 'tardy',
    event_time_ms: late_ms,
    end_time_ms: late_ms,
  }
  await sendRecords(producer, [
    { topic: `${prefix}requests`, partition: template.partition, key: 'tardy', value: codec.encode('requests', tardy) },
  ])
  await producer.disconnect()

  const running = startHydrawatch(['run', 'fingerprints'], env)
  try {
    await waitFor('the letter', async () => {
      // Letters leave with a hop, and hops close by themselves in a silence.
      const more = files.write('b', ndjson([at(205, 'clock')]))
      expect((await hydrawatch(['produce', more, '--end-of-input'], { env })).status).toBe(0)
      return (await deadLetters('list', '--reason', 'too_late', '--source', 'requests')).rows.length > 0
    })
    const refused = await deadLetters('replay', '--reason', 'too_late', '--source', 'requests')
    expect(refused.rows).toMatchObject([{ done: 'refused' }])
    const forced = await deadLetters('replay', '--reason', 'too_late', '--source', 'requests', '--accept-late')
    expect(forced.rows).toMatchObject([{ done: 'written back' }])
    await waitFor('a fingerprint of the account', async () => {
      const fingerprints = await readTopic({ kafka, codec, prefix, topic: 'fingerprints' })
      return fingerprints.some(({ key, value }) => key === 'tardy' && value?.context.requests === 1)
    })
    expect((await deadLetters('list', '--reason', 'too_late', '--source', 'requests')).rows[0]).toMatchObject({
      letters: 1,
      replayed: 1,
    })
  } finally {
    expect(await running.stop()).toBe(0)
  }
})
