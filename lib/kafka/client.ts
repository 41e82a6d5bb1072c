// Named imports of kafkajs type-check and crash at run time for all but six names, so everything comes by default import.
import kafkajs, {
  type Admin,
  type Consumer,
  type ConsumerConfig,
  type ISocketFactory,
  type Kafka,
  type Producer,
} from 'kafkajs'
import type { HydrawatchError } from '../ops/errors.ts'
import { brokerFailure } from './broker-failure.ts'
import { openBrokerSocket } from './broker-socket.ts'
import { type ConnectionSecurity, PLAINTEXT } from './connection-security.ts'
import { patchKafkajs } from './kafkajs-patches.ts'
import type { Log, LogLevel } from './log.ts'

export interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Limit for opening one connection. @default 3000 */
  readonly connectTimeout_ms?: number
  /** Retries of one call; the pauses start at 300 ms and double, so five are about 10 s. @default 5 */
  readonly retries_max?: number
  /** TLS and SASL of every connection. @default PLAINTEXT */
  readonly security?: ConnectionSecurity
  /** Opens a connection. @default over the network */
  readonly socketFactory?: ISocketFactory
  readonly log: Log
}

/** The one way to a broker: producers, consumers and admin calls with our defaults. */
export interface KafkaClient {
  readonly brokers: readonly string[]
  readonly log: Log
  /**
   * Everything that a caller awaits from kafkajs and that can fail for want of a broker. Rejects with BrokerUnavailable, or
   * with TlsRefused, AuthenticationRefused, NotAuthorised or OAuthTokenUnavailable when trying again is of no use.
   */
  reach<Result>(doing: string, call: () => Promise<Result>): Promise<Result>
  /** The same for an error of kafkajs that came another way, such as by an event. */
  failure(doing: string, cause: unknown): HydrawatchError
  admin(): Admin
  /**
   * `mayRestart` decides about a consumer that kafkajs gives up on and could start anew: true keeps it, with its listeners
   * and another member id. @default never
   */
  consumer(config: ConsumerConfig, mayRestart?: (error: Error) => boolean): Consumer
  /** For records outside transactions; repeats of a send are recognised by the broker (KIP-98). */
  idempotentProducer(): Producer
  /** One for each transactional id: a second one with the same id fences the first (KIP-98). */
  transactionalProducer(transactionalId: string, transactionTimeout_ms: number): Producer
}

const RETRY_INITIAL_MS = 300
const RETRY_MAX_MS = 10_000

/** Opens no connection yet. */
export function createKafka(options: KafkaOptions): KafkaClient {
  const { brokers, clientId, connectTimeout_ms = 3_000, retries_max = 5, security = PLAINTEXT, log } = options
  const { socketFactory = openBrokerSocket } = options
  patchKafkajs(log)
  const retry = { initialRetryTime: RETRY_INITIAL_MS, maxRetryTime: RETRY_MAX_MS, retries: retries_max }
  const kafka: Kafka = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectTimeout_ms,
    retry,
    ssl: security.ssl,
    sasl: security.sasl,
    socketFactory,
    logLevel: kafkajs.logLevel.INFO,
    logCreator: () => (entry) => {
      const { message, timestamp: _timestamp, ...fields } = entry.log
      const level = levelOf(entry.level, message)
      log({ level, message: `kafkajs ${entry.namespace}: ${message}`, fields: withoutRecords(fields) })
    },
  })
  // Explicit: the partitioner is a promise to every other producer of the same keys (murmur2, as the Java client), and
  // kafkajs warns at each producer that leaves it open.
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
  const failure = (doing: string, cause: unknown) => brokerFailure({ brokers, doing, as: security.as }, cause)
  return {
    brokers,
    log,
    failure,
    async reach(doing, call) {
      try {
        return await call()
      } catch (cause) {
        if (isKafkaError(cause)) throw failure(doing, cause)
        throw cause
      }
    },
    admin: () => kafka.admin({ retry }),
    consumer: (config, mayRestart = () => false) =>
      kafka.consumer({
        ...config,
        // Left alone, kafkajs would restart a consumer for ever, whatever the reason.
        retry: { ...retry, restartOnFailure: async (error) => mayRestart(error) },
      }),
    idempotentProducer: () =>
      kafka.producer({
        createPartitioner,
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        retry: { ...retry, retries: Math.max(1, retries_max) },
      }),
    transactionalProducer: (transactionalId, transactionTimeout) =>
      kafka.producer({
        createPartitioner,
        transactionalId,
        transactionTimeout,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        // Not `idempotent`: that is about what is sent outside transactions, and would have connect() ask the controller
        // for a producer id that nobody uses. Inside a transaction kafkajs is idempotent whatever this says.
        retry: { ...retry, retries: Math.max(1, retries_max) },
      }),
  }
}

/** True for what kafkajs throws: trouble outside, not a mistake of ours. */
export function isKafkaError(error: unknown): error is Error & { type?: string; cause?: unknown; retriable?: boolean } {
  return error instanceof Error && error.name.startsWith('KafkaJS')
}

/** kafkajs talks at INFO about every pause and every join; those are details of ours. */
function levelOf(level: number, message: string): LogLevel {
  // Unlimited retries would leave us hanging on an absent broker. What the limit puts at risk is a batch that is sent
  // again under a new sequence after we gave up; we never send again after giving up.
  if (message.startsWith('Limiting retries for the idempotent producer')) return 'debug'
  // One line per refused request; who sent it retries, or fails and says so.
  if (message.startsWith('Response ')) return 'debug'
  if (level === kafkajs.logLevel.ERROR) return 'warn'
  return level === kafkajs.logLevel.WARN ? 'info' : 'debug'
}

/** Drops whatever could carry the bytes of a record or of an authentication. */
function withoutRecords(fields: Record<string, unknown>): Record<string, unknown> {
  const { payload: _payload, buffer: _buffer, data: _data, ...rest } = fields
  return rest
}
