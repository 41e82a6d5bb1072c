import { HydrawatchError, UnavailableError } from '../ops/errors.ts'

// None of these passes by being tried again, so none is a BrokerUnavailable.

/** The TLS handshake with a broker or the registry failed: who answers is not who it should be, or speaks no TLS. */
export class TlsRefused extends HydrawatchError {
  readonly code = 'E_TLS'
  /** Node's or OpenSSL's code, such as SELF_SIGNED_CERT_IN_CHAIN. */
  readonly reason: string

  constructor(fields: { doing: string; peer: string; reason: string; section: string; cause: unknown }) {
    const { doing, peer, reason, section, cause } = fields
    super(`${doing}: no TLS connection with ${peer} (${reason}): ${tlsHint(reason, section)}`, { cause })
    this.reason = reason
  }
}

/** A broker does not take us for whom we say we are. */
export class AuthenticationRefused extends HydrawatchError {
  readonly code = 'E_AUTHENTICATION'

  constructor(fields: { doing: string; brokers: readonly string[]; as: string; cause: unknown; reason: string }) {
    const { doing, brokers, as, cause, reason } = fields
    super(
      `${doing}: ${brokers.join(', ')} did not authenticate ${as} (${reason}); check kafka.sasl against what this listener expects`,
      { cause },
    )
  }
}

/** A broker knows who we are and does not let us: an ACL is missing. */
export class NotAuthorised extends HydrawatchError {
  readonly code = 'E_NOT_AUTHORISED'
  /** As kafka-acls names it, such as Read. */
  readonly operation: string
  /** Such as `topic requests`. */
  readonly resource: string

  constructor(fields: { doing: string; as: string; operation: string; resource: string; cause: unknown }) {
    const { doing, as, operation, resource, cause } = fields
    super(
      `${doing}: ${as} may not ${operation} ${resource}; \`hydrawatch topics apply --acls\` lists the rights that each role needs`,
      { cause },
    )
    this.operation = operation
    this.resource = resource
  }
}

/** No token for oauthbearer: the token endpoint refused or did not answer, or the file with the token is not there. */
export class OAuthTokenUnavailable extends UnavailableError {
  override readonly code = 'E_OAUTH_TOKEN'
  /** Whether asking again is worth it. kafkajs goes by this name. */
  readonly retriable: boolean

  constructor(fields: { source: string; clientId?: string; reason: string; isPermanent: boolean }) {
    const { source, clientId, reason, isPermanent } = fields
    const [asked, next] =
      clientId === undefined
        ? [source, 'check kafka.sasl.oauth_token_file']
        : [
            `${source} for client ${clientId}`,
            isPermanent
              ? 'check kafka.sasl.oauth_client_id, its secret and kafka.sasl.oauth_scope'
              : 'check that it runs and that kafka.sasl.oauth_token_url is right',
          ]
    super(`no oauthbearer token from ${asked} (${reason}); ${next}`)
    this.retriable = !isPermanent
  }
}

/** The schema registry wants other credentials, or gives ours no right to do this. */
export class RegistryRefused extends HydrawatchError {
  readonly code = 'E_REGISTRY_REFUSED'
  readonly status: number

  constructor(fields: { url: string; doing: string; status: number; as: string; cause: unknown }) {
    const { url, doing, status, as, cause } = fields
    super(
      status === 401
        ? `${doing}: the schema registry at ${url} did not authenticate ${as} (status 401); check kafka.registry`
        : `${doing}: the schema registry at ${url} does not permit this to ${as} (status ${status}); give it the right, or check kafka.registry`,
      { cause },
    )
    this.status = status
  }
}

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
])
const NO_TLS = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'EPROTO'])

/** Our own code for a peer that answers a plaintext client in TLS. */
export const TLS_EXPECTED = 'ERR_TLS_EXPECTED'
/** Our own code for a peer that closes the connection during the handshake: a plaintext port, or a broker that stops. */
export const HANDSHAKE_CLOSED = 'HANDSHAKE_CLOSED'

/** True for a code of Node's tls module or OpenSSL that says no to a handshake: it says so again the next time. */
export function isTlsRefusal(code: unknown): code is string {
  if (typeof code !== 'string') return false
  return UNTRUSTED.has(code) || NO_TLS.has(code) || /^(CERT_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH$)/.test(code)
}

function tlsHint(reason: string, section: string): string {
  if (reason === TLS_EXPECTED) return `it speaks TLS and we do not; set ${section}.enabled`
  if (NO_TLS.has(reason)) return 'it does not speak TLS as we do; is this a plaintext port?'
  if (UNTRUSTED.has(reason))
    return `its certificate is signed by a CA that we do not know; give that CA in ${section}.ca_file`
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID' || reason === 'HOSTNAME_MISMATCH') {
    return `its certificate is for another name; connect by a name that it holds${section === 'kafka.tls' ? ', or set kafka.tls.server_name' : ''}`
  }
  if (reason === 'CERT_HAS_EXPIRED') return 'its certificate has expired; renew it there'
  if (reason === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet; check the clocks'
  // What the peer sends as an alert is about our certificate, or about the want of one.
  if (/ALERT.*(CERTIFICATE|UNKNOWN_CA)/.test(reason)) {
    return `it wants a certificate of ours and does not take what it got; check ${section}.certificate_file`
  }
  return 'compare what it offers with `openssl s_client -connect`'
}
