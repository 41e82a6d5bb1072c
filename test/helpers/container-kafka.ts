import { brokerSettings } from '../../scripts/real-kafka/properties.mjs'
import { readCompose } from './compose.ts'
import { freePorts } from './free-ports.ts'

export interface ContainerKafka {
  readonly image: string
  readonly brokers: readonly string[]
  stop(): Promise<void>
}

// Pulling an image comes before this.
const START_DEADLINE_MS = 120_000

/**
 * Starts the Kafka of docker-compose.yml, or the image in HYDRAWATCH_TEST_KAFKA_IMAGE, in a container of its own, with the
 * settings of scripts/real-kafka.
 */
export async function startContainerKafka(env: NodeJS.ProcessEnv): Promise<ContainerKafka> {
  // Here, because it takes a second to load and few runs want it.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  const client = await getContainerRuntimeClient().catch((cause: unknown) => {
    throw new Error('HYDRAWATCH_TEST_BROKER is container and no container engine answers; start one or unset it', {
      cause,
    })
  })
  const image = env.HYDRAWATCH_TEST_KAFKA_IMAGE ?? readCompose().services.kafka?.image ?? ''
  // The same port outside and inside: Kafka tells clients where it is, itself among them, before anybody knows another.
  const port = await freePorts(2)
  const host = client.info.containerRuntime.host
  const started = await new GenericContainer(image)
    .withEnvironment(environmentOf(host, port))
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
    .withStartupTimeout(START_DEADLINE_MS)
    .start()
  return {
    image,
    brokers: [`${host}:${port}`],
    stop: async () => {
      await started.stop()
    },
  }
}

/** Settings as the image of Apache Kafka takes them: upper case, and an underscore for each point. */
function environmentOf(host: string, port: number): Record<string, string> {
  const node = { id: 1, port, controllerPort: port + 1 }
  const settings = {
    ...brokerSettings({ id: node.id, nodes: [node], dataDir: '/tmp/kafka' }),
    listeners: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${host}:${port}`,
  }
  const variables = Object.entries(settings).map(([name, value]) => [
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
    String(value),
  ])
  return {
    CLUSTER_ID: 'aHlkcmF3YXRjaC10ZXN0cw',
    KAFKA_HEAP_OPTS: '-Xms128m -Xmx512m',
    ...Object.fromEntries(variables),
  }
}
