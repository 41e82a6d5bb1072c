import { createRequire } from 'node:module'
import kafkajs, { type AuthenticationProviderArgs, type Authenticator, type Mechanism } from 'kafkajs'
import type { SaslSettings } from '../ops/settings.ts'
import { type TokenSource, tokensFrom, tokensInFile } from './oauth-token.ts'

// kafkajs 2.2.4 has all four mechanisms, and calls whatever goes wrong on the way an authentication that failed: a broker
// that restarts meanwhile would end the process. For oauthbearer it takes a refusal for consent. So what passes the
// messages is ours; the arithmetic of SCRAM (RFC 5802) is kafkajs's.

const require = createRequire(import.meta.url)

type Provider = (args: AuthenticationProviderArgs) => Authenticator

/** For the `sasl` option of kafkajs; undefined when we do not say who we are. */
export function saslMechanism(
  settings: SaslSettings,
  limits: { readonly timeout_ms: number; readonly now: () => number },
): Mechanism | undefined {
  const { mechanism } = settings
  if (mechanism === 'none') return undefined
  if (mechanism === 'plain') return { mechanism, authenticationProvider: plain(settings) }
  if (mechanism === 'oauthbearer')
    return { mechanism, authenticationProvider: oauthBearer(tokenSource(settings, limits)) }
  return { mechanism, authenticationProvider: scram(settings, mechanism === 'scram-sha-256' ? 'scram256' : 'scram512') }
}

function tokenSource(
  sasl: SaslSettings,
  limits: { readonly timeout_ms: number; readonly now: () => number },
): TokenSource {
  if (sasl.oauth_token_file !== '') return tokensInFile(sasl.oauth_token_file)
  const {
    oauth_token_url: url,
    oauth_client_id: clientId,
    oauth_client_secret: clientSecret,
    oauth_scope: scope,
  } = sasl
  return tokensFrom({ url, clientId, clientSecret, scope, ...limits })
}

/** RFC 4616. */
function plain({ username, password }: SaslSettings): Provider {
  return ({ saslAuthenticate }) => ({
    async authenticate() {
      await saslAuthenticate({ request: message(`\0${username}\0${password}`), response: answer })
    },
  })
}

function scram({ username, password }: SaslSettings, file: 'scram256' | 'scram512'): Provider {
  const builtIn: (sasl: { username: string; password: string }) => Provider = require(
    `kafkajs/src/broker/saslAuthenticator/${file}.js`,
  )
  const provider = builtIn({ username, password })
  return (args) => ({
    async authenticate() {
      let failure: { error: unknown } | null = null
      const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async (exchange) => {
        try {
          return await args.saslAuthenticate(exchange)
        } catch (error) {
          failure = { error }
          throw error
        }
      }
      try {
        await provider({ ...args, saslAuthenticate }).authenticate()
      } catch (error) {
        throw underlying(failure) ?? error
      }
    },
  })
}

// Assigned in a callback, which the compiler does not follow.
function underlying(failure: { error: unknown } | null): unknown {
  return failure?.error
}

/** RFC 7628. A broker that refuses the token answers why, and says no only to the next message, which is to be one byte. */
function oauthBearer(tokens: TokenSource): Provider {
  return ({ saslAuthenticate }) => ({
    async authenticate() {
      const token = await tokens()
      const refusal = await saslAuthenticate({
        request: message(`n,,\x01auth=Bearer ${token}\x01\x01`),
        response: answer,
      })
      if (!refusal) return
      await saslAuthenticate({ request: message('\x01'), response: answer }).catch(() => undefined)
      const error = new kafkajs.KafkaJSNonRetriableError(`the broker refused the token${statusOf(refusal)}`)
      throw Object.assign(error, { type: 'SASL_AUTHENTICATION_FAILED' })
    },
  })
}

function statusOf(refusal: string): string {
  const status = /"status"\s*:\s*"([a-z_]{1,40})"/.exec(refusal)?.[1]
  return status === undefined ? '' : `: ${status}`
}

/** Bytes behind their length, as SaslAuthenticate carries them. */
function message(text: string): { encode(): Buffer } {
  return {
    encode() {
      const bytes = Buffer.from(text)
      const size = Buffer.alloc(4)
      size.writeInt32BE(bytes.length)
      return Buffer.concat([size, bytes])
    },
  }
}

const answer = {
  decode: (bytes: Buffer) => Promise.resolve(bytes.subarray(4)),
  parse: (bytes: Buffer) => Promise.resolve(bytes.toString()),
}
