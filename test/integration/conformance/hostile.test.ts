import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { API_VERSIONS } from '../../../lib/embedded/protocol/api-keys.ts'
import { ErrorCode } from '../../../lib/embedded/protocol/error-codes.ts'
import { Writer } from '../../../lib/embedded/protocol/writer.ts'
import { openBroker, type TestBroker } from '../../helpers/broker.ts'
import { createTopic, kafkaClient, numbered, producerOf } from '../../helpers/kafka-client.ts'
import { connectRaw, encodeRequest } from '../../helpers/raw-client.ts'

let broker: TestBroker
let kafka: ReturnType<typeof kafkaClient>
let admin: ReturnType<typeof kafka.admin>
let topic: string
let sent = 0

beforeAll(async () => {
  broker = await openBroker()
  kafka = kafkaClient(broker.brokers)
  admin = kafka.admin()
  await admin.connect()
  topic = await createTopic(admin)
})
afterEach(async () => {
  // Whatever a test sent, the broker still serves everyone else.
  const producer = producerOf(kafka)
  await producer.connect()
  await producer.send({ topic, messages: numbered(1) })
  await producer.disconnect()
  sent += 1
  expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe(String(sent))
})
afterAll(async () => {
  await admin.disconnect()
  await broker.close()
})

const connect = () => connectRaw(broker.brokers[0] ?? '')
const sizeOf = (size: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(size)
  return bytes
}

describe('a connection is closed, and nothing else happens, when it sends', () => {
  test.each([
    ['a negative size', sizeOf(-1)],
    ['a size of 2 GB', sizeOf(0x7fffffff)],
    ['a size just above 100 MB', sizeOf(104_857_601)],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')],
    ['an api that does not exist', encodeRequest(9_999, 0, 1, new Writer())],
    ['a version from the future', encodeRequest(API_VERSIONS.metadata.key, 99, 1, new Writer())],
    ['a request that ends too early', encodeRequest(API_VERSIONS.joinGroup.key, 5, 1, new Writer().string('group'))],
    [
      'an array that claims two billion elements',
      encodeRequest(API_VERSIONS.metadata.key, 1, 1, new Writer().int32(2e9)),
    ],
  ])('%s', async (_what, bytes) => {
    const client = await connect()
    client.send(bytes)
    await client.closed()
  })

  test('bytes at random behind a true size', async () => {
    const client = await connect()
    client.send(Buffer.concat([sizeOf(64), Buffer.alloc(64, 0xff)]))
    await client.closed()
  })
})

describe('the broker goes on', () => {
  test('when a client stops in the middle of a request, and when it comes byte by byte', async () => {
    const halting = await connect()
    halting.send(Buffer.concat([sizeOf(50_000_000), Buffer.alloc(100)]))
    const slow = await connect()
    const request = encodeRequest(API_VERSIONS.apiVersions.key, 0, 7, new Writer())
    const answer = new Promise<Buffer>((resolve) => slow.socket.once('data', resolve))
    for (const byte of request) {
      slow.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await answer).readInt32BE(4)).toBe(7)
    halting.close()
    slow.close()
  })

  test('answers requests of one connection in the order of their arrival', async () => {
    const client = await connect()
    const versions = (id: number) => encodeRequest(API_VERSIONS.apiVersions.key, 1, id, new Writer())
    const order: number[] = []
    let received = Buffer.alloc(0)
    const complete = new Promise<void>((resolve) => {
      client.socket.on('data', (piece) => {
        received = Buffer.concat([received, piece])
        order.length = 0
        for (let at = 0; at + 8 <= received.length; at += 4 + received.readInt32BE(at))
          order.push(received.readInt32BE(at + 4))
        if (order.length >= 100) resolve()
      })
    })
    client.send(Buffer.concat(Array.from({ length: 100 }, (_, id) => versions(id))))
    await complete
    expect(order).toEqual(Array.from({ length: 100 }, (_, id) => id))
    client.close()
  })

  test('answers an ApiVersions request from the future with version 0 and UNSUPPORTED_VERSION', async () => {
    const client = await connect()
    // From version 3 on the header ends in tagged fields; none here.
    const response = await client.request('apiVersions', 120, (body) => body.int8(0))
    expect(response.int16()).toBe(ErrorCode.UNSUPPORTED_VERSION)
    const apis = response.array(() => ({ key: response.int16(), min: response.int16(), max: response.int16() }))
    expect(apis).toContainEqual(expect.objectContaining({ key: API_VERSIONS.apiVersions.key }))
    const again = await client.request('apiVersions', 0, () => undefined)
    expect(again.int16()).toBe(0)
    client.close()
  })

  test('under a hundred connections of noise', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, connect))
    for (const client of clients) client.send(randomBytes(2_000))
    for (const client of clients) client.close()
  })

  test('whatever follows a well-formed header', async () => {
    const apis = Object.values(API_VERSIONS).flatMap(({ key, min, max }) =>
      Array.from({ length: max - min + 1 }, (_, step) => ({ key, version: min + step })),
    )
    const before = broker.closedConnections?.length ?? 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...apis), fc.uint8Array({ maxLength: 200 }), async ({ key, version }, bytes) => {
        const client = await connect()
        const request = encodeRequest(key, version, 1, new Writer())
        const whole = Buffer.concat([request, bytes])
        whole.writeInt32BE(whole.length - 4)
        client.send(whole)
        client.close()
      }),
      { numRuns: 300, seed: 7 },
    )
    // A fault of the broker's own would show as a stack; a refusal of bad bytes is one line.
    const faults = broker.closedConnections?.slice(before).filter((line) => line.includes('\n    at ')) ?? []
    expect(faults).toEqual([])
  })
})
