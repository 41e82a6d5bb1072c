import { createRequire } from 'node:module'
import type { Cluster, PartitionAssigner } from 'kafkajs'
import { beforeEach, expect, test } from 'vitest'
import { API_VERSIONS } from '../../../lib/embedded/protocol/api-keys.ts'
import { Reader } from '../../../lib/embedded/protocol/reader.ts'
import { InstanceFenced } from '../../../lib/kafka/errors.ts'
import { asStaticMember } from '../../../lib/kafka/kafkajs-static-member.ts'

const require = createRequire(import.meta.url)
const FENCED_INSTANCE_ID = 82

interface Exchange {
  readonly request: { readonly apiName: string; readonly encode: () => Promise<{ readonly buffer: Buffer }> }
  readonly response: { readonly parse: (data: object) => Promise<unknown> }
}

/** A broker of kafkajs without a network, and what it has sent. */
let sent: Exchange[]
let answers: Record<string, object>
let mustRejoin: boolean
let shares: string[]
/** The coordinator that a consumer of kafkajs would be given. */
let coordinator: Record<string, (args: object) => Promise<unknown>>

beforeEach(async () => {
  sent = []
  answers = {}
  mustRejoin = false
  shares = []
  const Broker = require('kafkajs/src/broker/index.js')
  const { lookup } = require('kafkajs/src/protocol/requests/index.js')
  const connectionPool = {
    connectionTimeout: 1_000,
    send: async (exchange: Exchange) => {
      sent.push(exchange)
      const answer = { errorCode: 0, members: [], memberAssignment: Buffer.from('share') }
      return exchange.response.parse({ ...answer, ...answers[exchange.request.apiName] })
    },
  }
  const broker = new Broker({ connectionPool, logger: { namespace: () => ({}) } })
  const versions = Object.values(API_VERSIONS).map(({ key, min, max }) => [key, { minVersion: min, maxVersion: max }])
  broker.lookupRequest = lookup(Object.fromEntries(versions))
  const cluster = { findGroupCoordinator: async () => broker } as unknown as Cluster
  const assigner: PartitionAssigner = () => ({ name: 'a', version: 1, assign: async () => [], protocol: () => never() })
  const member = {
    instanceId: 'pod-1',
    onShare: (share: Buffer) => void shares.push(String(share)),
    mustRejoin: () => mustRejoin,
  }
  asStaticMember(assigner, member)({ cluster } as Parameters<PartitionAssigner>[0])
  coordinator = (await cluster.findGroupCoordinator({ groupId: 'g' })) as unknown as typeof coordinator
})

test('joins, syncs and beats under its instance id', async () => {
  const joining = { groupId: 'g', sessionTimeout: 1, rebalanceTimeout: 2, memberId: 'm', groupProtocols: [] }
  await coordinator.joinGroup!(joining)
  await coordinator.syncGroup!({ groupId: 'g', generationId: 7, memberId: 'm', groupAssignment: [] })
  await coordinator.heartbeat!({ groupId: 'g', groupGenerationId: 7, memberId: 'm' })
  const [join, sync, beat] = await Promise.all(
    sent.map(async ({ request }) => new Reader((await request.encode()).buffer)),
  )
  expect([join!.string(), join!.int32(), join!.int32(), join!.string(), join!.nullableString()]).toEqual([
    'g',
    1,
    2,
    'm',
    'pod-1',
  ])
  for (const request of [sync!, beat!])
    expect([request.string(), request.int32(), request.string(), request.nullableString()]).toEqual([
      'g',
      7,
      'm',
      'pod-1',
    ])
  expect(shares).toEqual(['share'])
})

test('says nothing when it stops: its tasks wait for it', async () => {
  await coordinator.leaveGroup!({ groupId: 'g', memberId: 'm' })
  expect(sent).toEqual([])
})

test('is told which group and id another process has taken, in every answer', async () => {
  const calls = { JoinGroup: 'joinGroup', SyncGroup: 'syncGroup', Heartbeat: 'heartbeat' }
  for (const [apiName, method] of Object.entries(calls)) {
    answers = { [apiName]: { errorCode: FENCED_INSTANCE_ID } }
    const call = coordinator[method]!({ groupId: 'g', memberId: 'm', groupProtocols: [], groupAssignment: [] })
    const error: unknown = await call.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InstanceFenced)
    expect(error).toMatchObject({ groupId: 'g', instanceId: 'pod-1', retriable: false })
  }
  expect(shares).toEqual([])
})

test('is sent back to join by its next heartbeat when it must', async () => {
  mustRejoin = true
  const beat = coordinator.heartbeat!({ groupId: 'g', groupGenerationId: 7, memberId: 'm' })
  await expect(beat).rejects.toMatchObject({ type: 'REBALANCE_IN_PROGRESS' })
  expect(sent).toEqual([])
})

function never(): never {
  throw new Error('not here')
}
