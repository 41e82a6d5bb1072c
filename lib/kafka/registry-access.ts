import { Agent } from 'node:https'
import type { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import type { KafkaSettings } from '../ops/settings.ts'
import { isTlsRefusal } from './access-errors.ts'
import { type PemFiles, readPemFiles } from './pem-files.ts'

/** How we connect to the schema registry, and as whom. */
export interface RegistryAccess {
  /** Who we say we are, for messages. No secret in it. */
  readonly as: string
  readonly client: Pick<ClientOptions, 'auth' | 'agent' | 'middlewares'>
  /** The code of the TLS handshake that failed last; null when none has. */
  tlsRefusal(): string | null
}

type ClientOptions = ConstructorParameters<typeof SchemaRegistry>[0]
type Middleware = NonNullable<ClientOptions['middlewares']>[number]

/**
 * Reads the files that the settings name. Use one for one registry.
 *
 * @throws ConfigError for a file that is not what it should be
 */
export function registryAccess({
  registry_url,
  registry,
}: Pick<KafkaSettings, 'registry_url' | 'registry'>): RegistryAccess {
  const { username, password, token } = registry
  const agent = registry_url.startsWith('https:') ? new WatchedAgent(readPemFiles(registry, 'kafka.registry')) : null
  return {
    as: token !== '' ? 'the bearer of our token' : username !== '' ? `user ${username}` : 'an anonymous client',
    client: {
      ...(username === '' ? {} : { auth: { username, password } }),
      ...(agent ? { agent } : {}),
      middlewares: token === '' ? [] : [bearer(token)],
    },
    tlsRefusal: () => agent?.refusal ?? null,
  }
}

/** RFC 6750. */
function bearer(token: string): Middleware {
  return () => ({
    prepareRequest: async (next) => (await next()).enhance({ headers: { authorization: `Bearer ${token}` } }),
  })
}

/**
 * The client library reports every failure of a connection as status 400 and keeps nothing else of it, so what a handshake
 * came to is noted where the connection is made.
 */
class WatchedAgent extends Agent {
  refusal: string | null = null

  constructor(files: PemFiles) {
    // Node's default, and stated, because NODE_TLS_REJECT_UNAUTHORIZED would switch it off.
    super({ ...files, rejectUnauthorized: true })
  }

  override createConnection(...args: Parameters<Agent['createConnection']>): ReturnType<Agent['createConnection']> {
    const socket = super.createConnection(...args)
    socket?.once('secureConnect', () => {
      this.refusal = null
    })
    socket?.once('error', ({ code }: NodeJS.ErrnoException) => {
      this.refusal = isTlsRefusal(code) ? code : null
    })
    return socket
  }
}

/** A registry that asks nobody who they are. */
export function anonymousAccess(): RegistryAccess {
  return { as: 'an anonymous client', client: {}, tlsRefusal: () => null }
}
