/** Where integration tests get their broker from. */
export type BrokerRung =
  | { readonly name: 'external'; readonly brokers: readonly string[] }
  | { readonly name: 'container' }
  | { readonly name: 'embedded' }

/**
 * One rung of the ladder, for a whole run: the Kafka in KAFKA_BROKERS; with HYDRAWATCH_TEST_BROKER=container one that
 * testcontainers starts; otherwise the embedded broker, which needs nothing. With REQUIRE_KAFKA=1 a missing real Kafka is
 * a failure.
 */
export function chooseRung(env: NodeJS.ProcessEnv): BrokerRung {
  const { KAFKA_BROKERS: external = '', HYDRAWATCH_TEST_BROKER: asked = '', REQUIRE_KAFKA: required } = env
  if (!['', 'embedded', 'container'].includes(asked)) {
    throw new Error(`HYDRAWATCH_TEST_BROKER is ${asked}; it must be embedded or container`)
  }
  if (external !== '' && asked !== '') {
    throw new Error(`KAFKA_BROKERS is ${external} and HYDRAWATCH_TEST_BROKER is ${asked}; unset one of them`)
  }
  if (external !== '') return { name: 'external', brokers: external.split(',') }
  if (asked === 'container') return { name: 'container' }
  if (required === '1') {
    throw new Error(
      'REQUIRE_KAFKA is 1 and there is no real Kafka: run under scripts/real-kafka/start.mjs --exec, set KAFKA_BROKERS, or set HYDRAWATCH_TEST_BROKER=container',
    )
  }
  return { name: 'embedded' }
}
