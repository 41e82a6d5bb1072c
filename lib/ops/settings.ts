import { z } from 'zod'
import { connectionMismatches, registryAccessSettings, saslSettings, tlsSettings } from './connection-settings.ts'

// The operational sections: what every command and every stage may need. A field's `.describe()` is its line in the
// settings table; `.meta({ secret: true })` masks it and lets it be given as `<name>_file`; `.meta({ path: true })` makes
// it a path, which in a configuration file is relative to that file; `.meta({ env: 'NAME' })` is a further environment
// variable that people expect to work.

/** Published here, so worth nothing: hashes under them can be recomputed by anybody. `doctor` warns while in use. */
export const DEVELOPMENT_CONTENT_SECRET = 'hydrawatch-development-content-key'
export const DEVELOPMENT_INFRASTRUCTURE_SECRET = 'hydrawatch-development-infrastructure-key'

const address = (example: string) =>
  z.string().regex(/^[^\s:,/]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, `host:port, such as ${example}`)
const url = z
  .string()
  .regex(
    /^(https?:\/\/[^\s/@]+(\/[^\s@]*)?)?$/,
    'an http:// or https:// address, or nothing; a user and a password belong in kafka.registry',
  )
const secret = () => z.string().min(16, 'at least 16 characters').meta({ secret: true })
const milliseconds = (min: number, max: number) => z.number().int().min(min).max(max)

const DAY_MS = 86_400_000

const kafkaFields = z.strictObject({
  brokers: z
    .array(address('kafka-1:9092'))
    .default([])
    .meta({ env: 'KAFKA_BROKERS' })
    .describe('Brokers to start from. Empty starts the embedded broker, which is for one machine and for tests.'),
  client_id: z
    .string()
    .min(1, 'a name')
    .default('hydrawatch')
    .describe('Name under which the broker logs and limits us.'),
  registry_url: url
    .default('')
    .meta({ env: 'SCHEMA_REGISTRY_URL' })
    .describe('Schema registry. Empty uses the embedded registry, or none.'),
  connect_timeout_ms: milliseconds(100, 600_000).default(3_000).describe('Limit for opening one connection.'),
  // kafkajs waits 0.3 s and doubles: five retries give an absent broker about 10 s before the process says so and exits.
  retries_max: z
    .number()
    .int()
    .min(0)
    .max(100)
    .default(5)
    .describe('Retries of a broker or registry call before exit.'),
  session_timeout_ms: milliseconds(6_000, 1_800_000)
    .default(30_000)
    .describe(
      'A consumer that was not heard of for so long loses its tasks: after a kill they stand still for this time.',
    ),
  // What Java's client takes for an instance id.
  group_instance_id: z
    .string()
    .regex(/^([A-Za-z0-9._-]{1,249})?$/, 'at most 249 letters, digits, dots, underscores or hyphens, or nothing')
    .default('')
    .describe(
      "This process's own name in its groups (KIP-345), such as that of its host. With one, its tasks wait for it over a restart. Empty: they go to others at once.",
    ),
  outage_max_ms: milliseconds(0, DAY_MS)
    .default(300_000)
    .describe('How long brokers may be away before a running consumer exits. Until then it waits and goes on.'),
  tls: tlsSettings.prefault({}),
  sasl: saslSettings.prefault({}),
  registry: registryAccessSettings.prefault({}),
})

export const kafkaSettings = kafkaFields.superRefine((settings, context) => {
  for (const { path, expected } of connectionMismatches(settings))
    context.addIssue({ code: 'custom', path: [...path], message: expected })
})

export const topicSettings = z.strictObject({
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,100}$/, 'at most 100 letters, digits, dots, underscores or hyphens')
    .default('')
    .describe('Put before the name of every topic, so that several deployments share a cluster.'),
  partitions: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(4)
    .describe('Partitions of the topics keyed by account or object.'),
  replication_factor: z.number().int().min(1).max(10).default(1).describe('Copies of each partition; 3 in production.'),
})

export const hopSettings = z.strictObject({
  length_ms: milliseconds(100, DAY_MS).default(60_000).describe('Length of a hop, the unit in which time advances.'),
  bound_ms: milliseconds(0, DAY_MS)
    .default(30_000)
    .describe('Disorder waited for: a hop is cut this long after its end.'),
  late_max_ms: milliseconds(0, DAY_MS)
    .default(3_600_000)
    .describe('A record later than this behind its cut goes to the dead letters as too_late.'),
  future_max_ms: milliseconds(0, DAY_MS)
    .default(600_000)
    .describe(
      "A record that ends later than this after the broker's time of it goes to the dead letters as time_ahead.",
    ),
  silence_ms: milliseconds(100, DAY_MS)
    .default(15_000)
    .describe('Live only: an idle partition is cut after this silence.'),
  ahead_hops: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(3)
    .describe('How far one source may run ahead of the slowest.'),
})

export const edgeSettings = z.strictObject({
  content_epoch: z.number().int().min(0).default(0).describe('Number of the content key in use; raised at a rotation.'),
  content_secret: secret()
    .default(DEVELOPMENT_CONTENT_SECRET)
    .describe('Key of the hashes over content. Rotates by epoch. The default is published and for development only.'),
  infrastructure_secret: secret()
    .default(DEVELOPMENT_INFRASTRUCTURE_SECRET)
    .describe(
      'Key of the hashes over networks, clients and payment. Kept for the life of a deployment. Default as above.',
    ),
})

export const logSettings = z.strictObject({
  level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Least level that is logged.'),
})

export const metricsSettings = z.strictObject({
  port: z
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe('Of `run`: serves /metrics, /livez, /readyz and /statez on this port; 9464 is usual. 0 serves nothing.'),
  host: z
    .string()
    .min(1, 'an address')
    .default('127.0.0.1')
    .describe('Address that they are served on. They say nothing about accounts, and ask nobody who he is.'),
  processes: z
    .array(address('fingerprints:9464'))
    .default([])
    .describe(
      'Of `lag`: where processes serve them. It asks each how far its restores are, and a name at all of its addresses.',
    ),
})

export type { RegistryAccessSettings, SaslSettings, TlsSettings } from './connection-settings.ts'
export type KafkaSettings = z.output<typeof kafkaSettings>
export type TopicSettings = z.output<typeof topicSettings>
export type HopSettings = z.output<typeof hopSettings>
export type EdgeSettings = z.output<typeof edgeSettings>
export type LogSettings = z.output<typeof logSettings>
export type MetricsSettings = z.output<typeof metricsSettings>

/** Shape to spread into a composed schema: `z.strictObject({ ...operationalSettings, ... })`. */
export const operationalSettings = {
  kafka: kafkaSettings.prefault({}),
  topics: topicSettings.prefault({}),
  hops: hopSettings.prefault({}),
  edge: edgeSettings.prefault({}),
  log: logSettings.prefault({}),
  metrics: metricsSettings.prefault({}),
}
