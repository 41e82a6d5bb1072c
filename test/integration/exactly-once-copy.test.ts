import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBroker, type TestBroker } from '../helpers/broker.ts'
import {
  committedOffsets,
  consumerConfig,
  createTopic,
  kafkaClient,
  numbered,
  producerOf,
  readTopic,
  uniqueName,
} from '../helpers/kafka-client.ts'
import { waitFor } from '../helpers/wait-for.ts'

const PARTITIONS = 6
// Enough that the member which dies leaves work in its hands and in its partitions.
const BACKLOG = 6_000
const ROUND = 500

let broker: TestBroker
const children = new Set<ChildProcess>()

beforeAll(async () => {
  broker = await openBroker()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await broker.close()
})

/** A process that copies from topic to topic, one transaction per batch; see copying-member.mjs. */
function startMember(id: string, route: { input: string; output: string; groupId: string }): ChildProcess {
  const settings = { id, brokers: broker.brokers, ...route }
  const child = fork(new URL('../helpers/copying-member.mjs', import.meta.url), [JSON.stringify(settings)])
  children.add(child)
  return child
}

describe('a transactional copy by three processes', () => {
  test('loses nothing and doubles nothing when one of them is killed', async () => {
    const kafka = kafkaClient(broker.brokers)
    const admin = kafka.admin()
    await admin.connect()
    const input = await createTopic(admin, { prefix: 'input', numPartitions: PARTITIONS })
    const output = await createTopic(admin, { prefix: 'output', numPartitions: PARTITIONS })
    const groupId = uniqueName('copy')
    const producer = producerOf(kafka)
    await producer.connect()
    let sent = 0
    const sendMore = async (count: number) => {
      for (const end = sent + count; sent < end; sent += ROUND) {
        await producer.send({ topic: input, messages: numbered(ROUND, 997, sent) })
      }
    }

    const counts = new Map<string, number>()
    const reader = kafka.consumer(consumerConfig(uniqueName('check')))
    await reader.connect()
    await reader.subscribe({ topic: output, fromBeginning: true })
    await reader.run({
      eachMessage: async ({ message }) => {
        const value = String(message.value)
        counts.set(value, (counts.get(value) ?? 0) + 1)
      },
    })

    const route = { input, output, groupId }
    const members = ['a', 'b', 'c'].map((id) => startMember(id, route))
    // However late one of them starts, there is something left for it to copy.
    await waitFor(
      'all three to have copied something',
      async () => {
        if (sent - counts.size < ROUND) await sendMore(ROUND)
        return haveAllCopied(members)
      },
      60_000,
    )
    await sendMore(BACKLOG)
    const victim = members[1]
    expect(victim?.kill('SIGKILL')).toBe(true)
    if (victim) await once(victim, 'exit')
    expect(counts.size).toBeLessThan(sent)
    startMember('d', route)
    await producer.disconnect()

    await waitFor('every record in the copy', () => counts.size === sent, 60_000)
    const committed = async () => {
      const offsets = await committedOffsets(admin, groupId, input)
      return offsets.reduce((sum, offset) => sum + Math.max(0, Number(offset)), 0)
    }
    await waitFor('every position to be committed', async () => (await committed()) === sent)
    for (const child of children) child.kill('SIGKILL')
    await reader.disconnect()

    // Everything is committed, so nothing more can come: read the copy from its start once more and count.
    const again = await readTopic(kafka, output, (all) => all.length >= sent)
    const values = again.map(({ message }) => String(message.value))
    expect({ unique: new Set(values).size, total: values.length }).toEqual({ unique: sent, total: sent })
    expect([...counts.values()].filter((count) => count > 1)).toEqual([])
    await admin.disconnect()
  })
})

const copied = new WeakMap<ChildProcess, number>()

function haveAllCopied(members: readonly ChildProcess[]): boolean {
  for (const member of members) {
    if (copied.has(member)) continue
    copied.set(member, 0)
    member.on('message', (message) => copied.set(member, (copied.get(member) ?? 0) + Number(message)))
  }
  return members.every((member) => (copied.get(member) ?? 0) > 0)
}
