import { UsageError } from '../ops/errors.ts'
import type { Config } from './settings-schema.ts'

/** Refuses to go on without a broker, for commands that a broker of their own would give nothing to do. */
export function requireBrokers({ kafka }: Config): void {
  if (kafka.brokers.length > 0) return
  throw new UsageError(
    'kafka.brokers is not set: set KAFKA_BROKERS to your Kafka, or start `hydrawatch broker` and take over what it prints.',
  )
}
