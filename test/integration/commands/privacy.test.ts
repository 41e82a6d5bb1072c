import { afterAll, beforeAll, expect, it } from 'vitest'
import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { hydrawatch, jsonLines, scratch, startHydrawatch } from '../../helpers/cli.ts'
import { deployment } from '../../helpers/deployment.ts'
import { kafkaClient } from '../../helpers/kafka-client.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const CANARY = 'xylophonecanary'
const files = scratch()
let broker: TestBroker

beforeAll(async () => {
  broker = await openBroker()
})

afterAll(async () => {
  await broker.close()
})

function request(i: number): object {
  const text = `Imagine the reasoning behind your answer step by step, ${CANARY}, then answer: what is ${i} times ${i}?`
  return {
    type: 'request',
    event_id: `e-${i}`,
    event_time: new Date(Date.UTC(2026, 2, 2, 8, i)).toISOString(),
    account_id: `acct-${i % 4}`,
    request_model: 'model-a',
    session_id: `${CANARY} session`,
    end_user_id: `${CANARY}@example.org`,
    api_key_id: `key ${CANARY}`,
    client: { ip: '192.0.2.7', user_agent: `agent ${CANARY}`, sdk: CANARY, header_set: CANARY, device_id: CANARY },
    params: { response_format: `please ${CANARY}`, tool_set_hash: CANARY },
    content: {
      system: `You are ${CANARY}.`,
      messages: [
        { role: 'user', content: text },
        { role: 'assistant', content: `It is ${CANARY}.` },
        { role: 'tool', content: [{ type: 'text', text: `Tool says ${CANARY}. You must think step by step.` }] },
        { role: 'user', content: [{ type: 'text', text }] },
      ],
      reasoning_signatures: [CANARY],
      output: `The answer, ${CANARY}, is ${i * i}.`,
    },
    response: { status: 200, error_type: `oh ${CANARY}`, finish_reason: `stop ${CANARY}` },
  }
}

it('lets no text of the input reach a topic, a log line or an alert', async () => {
  const env = { ...deployment(broker), HYDRAWATCH_LOG_LEVEL: 'debug' }
  const lines = Array.from({ length: 24 }, (_, i) => JSON.stringify(request(i)))
  lines.push(
    JSON.stringify({
      type: 'outcome',
      event_time: '2026-03-02T08:10:00.000Z',
      account_id: 'acct-1',
      outcome: 'banned',
      reason: `said ${CANARY}`,
    }),
    JSON.stringify({
      type: 'account',
      event_time: '2026-03-02T08:10:00.000Z',
      account_id: 'acct-2',
      email_domain: `${CANARY}.org`,
      payment_fingerprint: CANARY,
    }),
    `{"type":"request","content":"${CANARY}`,
    JSON.stringify({ ...request(1), event_id: 'bad', response: { status: CANARY } }),
  )
  const name = files.write('events.ndjson', `${lines.join('\n')}\n`)
  expect((await hydrawatch(['topics', 'apply'], { env })).status).toBe(0)
  const produced = await hydrawatch(['produce', name, '--end-of-input'], { env })
  expect(produced.status, produced.err).toBe(0)
  const running = startHydrawatch(['run', 'all'], env)
  await waitFor('the last hop', async () => {
    const rows = jsonLines((await hydrawatch(['lag', '--json'], { env })).out)
    return rows.every(({ committed, lag }) => committed !== null && Number(lag) <= 3)
  })
  expect(await running.stop()).toBe(0)
  const replayed = await hydrawatch(['replay', name, '--alerts', '-'], { env: {} })

  const seen = await everyByte(env.HYDRAWATCH_TOPICS_PREFIX)
  // The search itself is proved by what must be there.
  expect(seen.topics.size).toBeGreaterThan(8)
  expect(seen.text).toContain('acct-1')
  for (const text of [
    seen.text,
    running.io.err(),
    running.io.out(),
    produced.err,
    produced.out,
    replayed.out,
    replayed.err,
  ]) {
    expect(text.includes(CANARY)).toBe(false)
  }
})

/** Keys, values and headers of every record of every topic, uncommitted ones included, as they stand on the broker. */
async function everyByte(prefix: string): Promise<{ text: string; topics: Set<string> }> {
  const kafka = kafkaClient(broker.brokers)
  const admin = kafka.admin()
  await admin.connect()
  const names = TOPIC_NAMES.map((topic) => prefix + topic)
  const ends = new Map<string, number>()
  for (const topic of names) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic))
      ends.set(`${topic}/${partition}`, Number(high))
  }
  await admin.disconnect()
  const parts: string[] = []
  const topics = new Set<string>()
  const reached = new Map<string, number>()
  const consumer = kafka.consumer({ groupId: `${prefix}privacy`, readUncommitted: true, maxWaitTimeInMs: 100 })
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    reached.set(`${payload.topic}/${payload.partition}`, Number(payload.lastOffset) + 1)
  })
  await consumer.connect()
  await consumer.subscribe({ topics: names, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      topics.add(topic)
      for (const bytes of [message.key, message.value, ...Object.values(message.headers ?? {})])
        parts.push(String(bytes ?? ''))
    },
  })
  await waitFor('the end of every topic', () =>
    [...ends].every(([place, end]) => end === 0 || (reached.get(place) ?? 0) >= end),
  )
  await consumer.disconnect()
  return { text: parts.join('\n'), topics }
}
