import { createRequire } from 'node:module'
import { afterEach, expect, test, vi } from 'vitest'
import { committedThrough, expectSums, finish, Harness, publishRequests, requestsOf, stopInTime } from './harness.ts'
import { countingStage, summingStage } from './toy.ts'

interface EndTxn {
  readonly transactionalId: string
  readonly transactionResult: boolean
}

const require = createRequire(import.meta.url)
const Broker: { prototype: Record<'addPartitionsToTxn' | 'endTxn', (args: EndTxn) => Promise<unknown>> } =
  require('kafkajs/src/broker/index.js')
// https://kafka.apache.org/protocol, ConfigResource.Type
const BROKER_RESOURCE = 4
const PARTITIONS = 2
const harness = new Harness()
afterEach(async () => {
  vi.restoreAllMocks()
  await harness.close()
})

test.each([
  ['committed', true],
  ['aborted', false],
])(
  'a transaction that is %s by its coordinator and left open in its partitions neither stops readers nor is said twice',
  async (_end, isCommit) => {
    const cluster = await harness.cluster(PARTITIONS)
    if (!cluster.isExternal)
      return expect(cluster.service.kind, 'nothing hangs in the embedded broker').toBe('embedded')
    const { kafka, prefix } = cluster
    const admin = kafka.admin()
    await admin.connect()
    harness.onClose(() => admin.disconnect())
    const { brokers } = await admin.describeCluster()
    const verify = (isOn: boolean) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: brokers.map(({ nodeId }) => ({
          type: BROKER_RESOURCE,
          name: String(nodeId),
          configEntries: [{ name: 'transaction.partition.verification.enable', value: String(isOn) }],
        })),
      })
    const sum = await harness.start(cluster, summingStage, PARTITIONS)
    const count = await harness.start(cluster, countingStage(), PARTITIONS)
    const publisher = await harness.publisher(cluster, PARTITIONS)
    const [before, hanging, after] = [requestsOf(1_000, 1_000), requestsOf(1_005, 200), requestsOf(1_006, 1_000)]
    await publishRequests(publisher, before)
    await committedThrough(count, 1_003)

    // The coordinator never hears of the partitions that task 0 writes to, as if it had taken them for deleted.
    await verify(false)
    const { addPartitionsToTxn, endTxn } = Broker.prototype
    const task = `${prefix}hydrawatch.toy-count.0`
    vi.spyOn(Broker.prototype, 'addPartitionsToTxn').mockImplementation(function (this: unknown, args) {
      return args.transactionalId === task ? Promise.resolve() : addPartitionsToTxn.call(this, args)
    })
    if (!isCommit) {
      vi.spyOn(Broker.prototype, 'endTxn').mockImplementation(function (this: unknown, args) {
        return endTxn.call(this, args.transactionalId === task ? { ...args, transactionResult: false } : args)
      })
    }
    await publishRequests(publisher, hanging)
    await committedThrough(count, 1_004)
    await count.stop()
    vi.restoreAllMocks()
    await verify(true)

    const again = await harness.start(cluster, countingStage(), PARTITIONS)
    await publishRequests(publisher, after)
    await finish(publisher, sum, 1_010)
    await expectSums(cluster, 1_010, [...before, ...hanging, ...after])
    await stopInTime(cluster, [again, sum])
  },
)
