import { X509Certificate } from 'node:crypto'
import type { ConnectionOptions } from 'node:tls'
import type { Mechanism } from 'kafkajs'
import type { KafkaSettings } from '../ops/settings.ts'
import { certificateEnd_ms, readPemFiles } from './pem-files.ts'
import { saslMechanism } from './sasl.ts'

/** How we connect to brokers, and as whom. */
export interface ConnectionSecurity {
  /** As Kafka names it: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL. */
  readonly protocol: string
  /** Who we say we are, for messages: `hydrawatch by scram-sha-512`. No secret in it. */
  readonly as: string
  readonly ssl: ConnectionOptions | undefined
  readonly sasl: Mechanism | undefined
  /** When our own certificate ends, epoch ms; null without one. */
  readonly certificateEnd_ms: number | null
}

export const PLAINTEXT: ConnectionSecurity = {
  protocol: 'PLAINTEXT',
  as: 'an anonymous client',
  ssl: undefined,
  sasl: undefined,
  certificateEnd_ms: null,
}

/**
 * Reads the files that the settings name.
 *
 * @throws ConfigError for a file that is not what it should be
 */
export function connectionSecurity(
  { tls, sasl, connect_timeout_ms }: Pick<KafkaSettings, 'tls' | 'sasl' | 'connect_timeout_ms'>,
  now: () => number,
): ConnectionSecurity {
  const files = tls.enabled ? readPemFiles(tls, 'kafka.tls') : {}
  const mechanism = saslMechanism(sasl, { timeout_ms: connect_timeout_ms, now })
  const transport = tls.enabled ? 'SSL' : 'PLAINTEXT'
  const { server_name: servername } = tls
  return {
    protocol: mechanism ? `SASL_${transport}` : transport,
    as: identity(sasl, files.cert),
    // `rejectUnauthorized` is Node's default and stated, because NODE_TLS_REJECT_UNAUTHORIZED would switch it off.
    ssl: tls.enabled ? { ...files, ...(servername === '' ? {} : { servername }), rejectUnauthorized: true } : undefined,
    sasl: mechanism,
    certificateEnd_ms: certificateEnd_ms(files),
  }
}

function identity(sasl: KafkaSettings['sasl'], certificate: string | undefined): string {
  if (sasl.mechanism === 'oauthbearer') {
    return sasl.oauth_token_file === '' ? `${sasl.oauth_client_id} by oauthbearer` : 'the bearer of oauth_token_file'
  }
  if (sasl.mechanism !== 'none') return `${sasl.username} by ${sasl.mechanism}`
  if (certificate === undefined) return PLAINTEXT.as
  return new X509Certificate(certificate).subject.split('\n').reverse().join(',')
}
