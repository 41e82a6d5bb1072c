import { readFile } from 'node:fs/promises'
import { OAuthTokenUnavailable } from './access-errors.ts'

/** Gives a token that is valid for a while. Rejects with OAuthTokenUnavailable. */
export type TokenSource = () => Promise<string>

export interface TokenEndpoint {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Empty: none is asked for. */
  readonly scope: string
  /** Limit of one request. */
  readonly timeout_ms: number
  /** Epoch ms. */
  readonly now: () => number
}

// A token is renewed when a fifth of its life is left, at most a minute: a connection that begins with it must not find it
// expired at the broker.
const MARGIN_SHARE = 0.2
const MARGIN_MAX_MS = 60_000
const PERMANENT: ReadonlySet<number> = new Set([400, 401, 403, 404])

/**
 * Tokens of a client-credentials grant (RFC 6749, section 4.4), one for all connections, until shortly before it expires. A
 * token whose answer does not say how long it lives (`expires_in`) is used once.
 *
 * Node's fetch trusts the certificates that Node brings, and those of NODE_EXTRA_CA_CERTS.
 */
export function tokensFrom(endpoint: TokenEndpoint): TokenSource {
  let cached: { token: string; renew_ms: number } | null = null
  let asking: Promise<string> | null = null

  async function ask(): Promise<string> {
    const { token, life_ms } = await requestToken(endpoint)
    const margin_ms = Math.min(life_ms * MARGIN_SHARE, MARGIN_MAX_MS)
    cached = { token, renew_ms: endpoint.now() + life_ms - margin_ms }
    return token
  }

  return () => {
    if (cached !== null && endpoint.now() < cached.renew_ms) return Promise.resolve(cached.token)
    asking ??= ask().finally(() => {
      asking = null
    })
    return asking
  }
}

/** The token that a file holds, read at each call: whoever writes the file may renew it. */
export function tokensInFile(file: string): TokenSource {
  return async () => {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
      throw new OAuthTokenUnavailable({ source: file, reason, isPermanent: true })
    })
    const token = text.trim()
    if (token === '') throw new OAuthTokenUnavailable({ source: file, reason: 'the file is empty', isPermanent: true })
    return token
  }
}

async function requestToken(endpoint: TokenEndpoint): Promise<{ token: string; life_ms: number }> {
  const { url, clientId, clientSecret, scope, timeout_ms } = endpoint
  const fail = (reason: string, isPermanent: boolean): never => {
    throw new OAuthTokenUnavailable({ source: url, clientId, reason, isPermanent })
  }
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json',
      // Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
      authorization: `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) }),
    // A redirect would carry the secret to somebody whom nobody named.
    redirect: 'error',
    signal: AbortSignal.timeout(timeout_ms),
  }).catch((error: unknown) => fail(networkReason(error, timeout_ms), false))
  const body = await bodyOf(response).catch((error: unknown) => fail(networkReason(error, timeout_ms), false))
  if (!response.ok) {
    const code = typeof body.error === 'string' && /^[a-z_]{1,40}$/.test(body.error) ? `, ${body.error}` : ''
    fail(`status ${response.status}${code}`, PERMANENT.has(response.status))
  }
  const { access_token: token, expires_in } = body
  if (typeof token !== 'string' || token === '') return fail('the answer has no access_token', true)
  const life_s = typeof expires_in === 'number' || typeof expires_in === 'string' ? Number(expires_in) : 0
  return { token, life_ms: Number.isFinite(life_s) ? Math.max(0, life_s * 1_000) : 0 }
}

/** The answer as an object; empty when it is none. It may hold a token, so no part of it is ever quoted. */
async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text()
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {}
  } catch {
    return {}
  }
}

function networkReason(error: unknown, timeout_ms: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${timeout_ms} ms`
  const { cause } = error
  return cause instanceof Error ? cause.message : error.message
}

function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice('text='.length)
}
