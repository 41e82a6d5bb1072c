import { HydrawatchError } from '../ops/errors.ts'
import { AuthenticationRefused, HANDSHAKE_CLOSED, isTlsRefusal, NotAuthorised, TlsRefused } from './access-errors.ts'
import { BrokerUnavailable } from './errors.ts'
import { protocolErrorOf } from './protocol-error.ts'
import { refusalOf } from './refusals.ts'

// https://kafka.apache.org/protocol#protocol_error_codes; ILLEGAL_SASL_STATE is what a listener without SASL answers.
const NOT_AUTHENTICATED = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'])

export interface FailureContext {
  readonly brokers: readonly string[]
  readonly doing: string
  /** Who we said we are. */
  readonly as: string
}

/**
 * What an error of kafkajs comes to: TlsRefused, AuthenticationRefused or NotAuthorised when somebody has to change
 * something first, an error of ours that kafkajs has wrapped, otherwise BrokerUnavailable.
 */
export function brokerFailure({ brokers, doing, as }: FailureContext, cause: unknown): HydrawatchError {
  const chain = [...causesOf(cause)]
  const own = chain.find((error) => error instanceof HydrawatchError)
  if (own) return own
  const refusal = refusalOf(cause)
  if (refusal) return new NotAuthorised({ doing, as, ...refusal, cause })
  for (const error of chain) {
    const { code, broker } = fieldsOf(error)
    if (!isTlsRefusal(code)) continue
    return new TlsRefused({ doing, peer: broker ?? brokers.join(', '), reason: code, section: 'kafka.tls', cause })
  }
  const refused = chain.find(({ name }) => name === 'KafkaJSSASLAuthenticationError')
  if (refused || NOT_AUTHENTICATED.has(protocolErrorOf(cause) ?? '')) {
    const reason = refused?.message ?? chain.at(-1)?.message ?? ''
    return new AuthenticationRefused({ doing, brokers, as, reason, cause })
  }
  return new BrokerUnavailable({ brokers, doing, cause, hint: hintOf(chain) })
}

/** What else may be behind a connection that the other side ended. */
function hintOf(chain: readonly Error[]): string | undefined {
  if (chain.some((error) => fieldsOf(error).code === HANDSHAKE_CLOSED))
    return 'it ended the TLS handshake, as a plaintext port does: kafka.tls.enabled may be wrong'
  if (chain.some(({ name }) => name === 'KafkaJSConnectionClosedError'))
    return 'it ended the connection, as a listener does that wants kafka.tls or kafka.sasl'
  return undefined
}

function* causesOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return
  yield error
  if ('cause' in error && error.cause !== error) yield* causesOf(error.cause)
}

function fieldsOf(error: Error): { code?: unknown; broker?: string } {
  const code = 'code' in error ? error.code : undefined
  const broker = 'broker' in error && typeof error.broker === 'string' ? error.broker : undefined
  return { code, broker }
}
