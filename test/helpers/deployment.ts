import { randomUUID } from 'node:crypto'
import type { TestBroker } from './broker.ts'

/** Environment of a deployment with topics of its own on the test's broker. Idle sources close their hops at once. */
export function deployment(
  broker: Pick<TestBroker, 'brokers' | 'registryUrl'>,
  partitions = 2,
): NodeJS.ProcessEnv & { HYDRAWATCH_TOPICS_PREFIX: string } {
  return {
    KAFKA_BROKERS: broker.brokers.join(','),
    SCHEMA_REGISTRY_URL: broker.registryUrl,
    HYDRAWATCH_TOPICS_PREFIX: `t-${randomUUID().slice(0, 8)}.`,
    HYDRAWATCH_TOPICS_PARTITIONS: String(partitions),
    HYDRAWATCH_HOPS_SILENCE_MS: '500',
  }
}
