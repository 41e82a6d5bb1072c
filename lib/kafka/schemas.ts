// CommonJS: its exports are invisible to Node's lexer, see lib/kafka/client.ts.
import confluent from '@kafkajs/confluent-schema-registry'
import { TOPIC_NAMES, type TopicName, topicDefinition, valueSubject } from '../../schemas/topics.ts'
import type { SchemaSource } from '../avro/codec.ts'
import { localSchema } from '../avro/record-types.ts'
import { HydrawatchError } from '../ops/errors.ts'
import { RegistryRefused, TlsRefused } from './access-errors.ts'
import { RegistryUnavailable, SchemaNotRegistered, SchemaRefused } from './errors.ts'
import { anonymousAccess, type RegistryAccess } from './registry-access.ts'

// What a registry says about a schema: there is none, it breaks compatibility, it is no schema. Anything else is trouble
// on the way; the client library reports a refused connection as status 400.
const ANSWERS: ReadonlySet<number> = new Set([404, 409, 422])
const REFUSALS: ReadonlySet<number> = new Set([401, 403])

export interface RegistryOptions {
  readonly url: string
  readonly clientId: string
  /** Retries of one call; the pauses start at 0.3 s and double. @default 5 */
  readonly retries_max?: number
  /** Put before every topic name. */
  readonly prefix: string
  /** TLS and credentials. @default neither */
  readonly access?: RegistryAccess
}

export interface Registry extends SchemaSource {
  /**
   * Registers the schema of every topic under its subject, `<topic>-value`, with the compatibility of its definition.
   * What is registered already stays as it is. Returns ids by subject. Rejects with SchemaRefused, or
   * as every call.
   */
  registerAll(): Promise<ReadonlyMap<string, number>>
}

/**
 * The schema registry as a source of schemas (Confluent Schema Registry API). Calls reject with RegistryUnavailable; with
 * RegistryRefused or TlsRefused when trying again is of no use.
 */
export function openRegistry(options: RegistryOptions): Registry {
  const { url, clientId, retries_max = 5, prefix, access = anonymousAccess() } = options
  const retry = { retries: retries_max, initialRetryTimeInSecs: 0.3, maxRetryTimeInSecs: 5 }
  const registry = new confluent.SchemaRegistry({ host: url.replace(/\/+$/, ''), clientId, retry, ...access.client })

  async function call<Result>(doing: string, request: () => Promise<Result>): Promise<Result> {
    try {
      return await request()
    } catch (cause) {
      const status = statusOf(cause) ?? 0
      if (ANSWERS.has(status)) throw cause
      if (REFUSALS.has(status)) throw new RegistryRefused({ url, doing, status, as: access.as, cause })
      const reason = access.tlsRefusal()
      if (reason !== null) throw new TlsRefused({ doing, peer: url, reason, section: 'kafka.registry', cause })
      // Of its own errors, which drop the status, the library throws none for a registry that does not answer.
      if (cause instanceof Error && cause.name.startsWith('ConfluentSchemaRegistry')) throw cause
      throw new RegistryUnavailable({ url, doing, cause })
    }
  }

  async function register(topic: TopicName): Promise<[string, number]> {
    const subject = valueSubject(prefix + topic)
    const { compatibility } = topicDefinition(topic)
    try {
      const { id } = await call(`registering ${subject}`, () =>
        registry.register(
          { type: confluent.SchemaType.AVRO, schema: localSchema(topic) },
          { subject, compatibility: confluent.COMPATIBILITY[compatibility] },
        ),
      )
      return [subject, id]
    } catch (cause) {
      if (cause instanceof HydrawatchError) throw cause
      throw new SchemaRefused({ subject, compatibility, cause })
    }
  }

  return {
    async schemaById(id) {
      try {
        return JSON.stringify(await call(`fetching schema ${id}`, () => registry.getSchema(id)))
      } catch (cause) {
        if (cause instanceof HydrawatchError) throw cause
        // Not found, or a schema that is not Avro.
        return null
      }
    },
    async idOf(topic) {
      const subject = valueSubject(prefix + topic)
      const schema = { type: confluent.SchemaType.AVRO as const, schema: localSchema(topic) }
      try {
        return await call(`fetching the id of ${subject}`, () => registry.getRegistryIdBySchema(subject, schema))
      } catch (cause) {
        if (cause instanceof HydrawatchError) throw cause
        throw new SchemaNotRegistered({ subject, url })
      }
    },
    async registerAll() {
      const ids = new Map<string, number>()
      for (const topic of TOPIC_NAMES) {
        const [subject, id] = await register(topic)
        ids.set(subject, id)
      }
      return ids
    },
  }
}

function statusOf(error: unknown): number | null {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : null
}
