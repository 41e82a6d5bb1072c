import type { TestProject } from 'vitest/node'
import { chooseRung } from './broker-rung.ts'
import { startContainerKafka } from './container-kafka.ts'
import { kafkaClient } from './kafka-client.ts'
import { waitFor } from './wait-for.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the Kafka in a container; null in a run without one. */
    containerBrokers: readonly string[] | null
  }
}

const START_DEADLINE_MS = 60_000
// More than the partitions of __consumer_offsets, so that each of them is asked.
const GROUPS = Array.from({ length: 16 }, (_, i) => `nobody-${i}`)

/** Once for a run with integration tests: what they share is started before them and stopped after. */
export default async function setUp(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const rung = chooseRung(process.env)
  const container = rung.name === 'container' ? await startContainerKafka(process.env) : null
  if (container) process.stderr.write(`[test broker] ${container.image} in a container\n`)
  project.provide('containerBrokers', container?.brokers ?? null)
  const real = rung.name === 'external' ? rung.brokers : container?.brokers
  try {
    if (real) await waitForCoordinators(real)
  } catch (error) {
    await container?.stop()
    throw error
  }
  return container?.stop
}

/** A new Kafka makes the topic of its group coordinators when somebody asks for one, and answers with errors meanwhile. */
async function waitForCoordinators(brokers: readonly string[]): Promise<void> {
  const admin = kafkaClient([...brokers]).admin()
  await admin.connect()
  try {
    const answer = () =>
      admin.describeGroups(GROUPS).then(
        () => true,
        () => false,
      )
    await waitFor('the group coordinators of the broker', answer, START_DEADLINE_MS)
  } finally {
    await admin.disconnect()
  }
}
