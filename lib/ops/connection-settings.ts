import { z } from 'zod'

// How we connect to brokers and registry, and as whom. Paths are checked here for what can be known without opening the
// files; lib/kafka opens them.

const path = () => z.string().default('').meta({ path: true })
const secret = () => z.string().default('').meta({ secret: true })
const url = z
  .string()
  .regex(/^(https?:\/\/[^\s/@]+(\/\S*)?)?$/, 'an http:// or https:// address without a user, or nothing')

export const tlsSettings = z.strictObject({
  enabled: z.boolean().default(false).describe('Whether the brokers are reached over TLS. They are always verified.'),
  ca_file: path().describe('Certificates (PEM) that the brokers may be signed by. Empty: those that Node brings.'),
  certificate_file: path().describe('Our own certificate (PEM), for brokers that want one (mutual TLS).'),
  key_file: path().describe('Private key (PEM) of our certificate.'),
  key_passphrase: secret().describe('Passphrase of the private key, if it has one.'),
  server_name: z
    .string()
    .default('')
    .describe('Name that the certificate of every broker must hold. Empty: the host that we connect to.'),
})

export const saslSettings = z.strictObject({
  mechanism: z
    .enum(['none', 'plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'])
    .default('none')
    .describe('How we say to the brokers who we are. None: not at all, or by our certificate.'),
  username: z.string().default('').describe('User of plain and scram.'),
  password: secret().describe('Password of plain and scram.'),
  oauth_token_url: url.default('').describe('Where oauthbearer fetches tokens (client credentials grant, RFC 6749).'),
  oauth_client_id: z.string().default('').describe('Client of the token endpoint.'),
  oauth_client_secret: secret().describe('Secret of that client.'),
  oauth_scope: z.string().default('').describe('Scope to ask for, if the token endpoint wants one.'),
  oauth_token_file: path().describe(
    'A file with the token of oauthbearer, instead of a token endpoint. Read again at each connection.',
  ),
})

export const registryAccessSettings = z.strictObject({
  username: z.string().default('').describe('User of the schema registry (basic authentication).'),
  password: secret().describe('Password of that user.'),
  token: secret().describe('Bearer token for the schema registry, instead of a user.'),
  ca_file: path().describe(
    'Certificates (PEM) that an https registry may be signed by. Empty: those that Node brings.',
  ),
  certificate_file: path().describe('Our own certificate (PEM), for a registry that wants one.'),
  key_file: path().describe('Private key (PEM) of that certificate.'),
  key_passphrase: secret().describe('Passphrase of that private key, if it has one.'),
})

export type TlsSettings = z.output<typeof tlsSettings>
export type SaslSettings = z.output<typeof saslSettings>
export type RegistryAccessSettings = z.output<typeof registryAccessSettings>

/** What the cross-field checks need of the `kafka` section. */
interface Connections {
  readonly registry_url: string
  readonly tls: TlsSettings
  readonly sasl: SaslSettings
  readonly registry: RegistryAccessSettings
}

/** One setting that does not go with another; `expected` completes "<setting> is <value>; expected ...". */
export interface Mismatch {
  readonly path: readonly string[]
  readonly expected: string
}

/** Settings of the `kafka` section that contradict each other, or would silently be ignored. */
export function connectionMismatches(settings: Connections): Mismatch[] {
  return [...tlsMismatches(settings.tls), ...saslMismatches(settings.sasl), ...registryMismatches(settings)]
}

function tlsMismatches(tls: TlsSettings): Mismatch[] {
  const own = section(tls, ['tls'])
  const given = ['ca_file', 'certificate_file', 'key_file', 'key_passphrase', 'server_name'] as const
  if (!tls.enabled) return own.unused(given, 'kafka.tls.enabled is false')
  return keyPairMismatches(tls, ['tls'])
}

function saslMismatches(sasl: SaslSettings): Mismatch[] {
  const own = section(sasl, ['sasl'])
  const password = ['username', 'password'] as const
  const endpoint = ['oauth_client_id', 'oauth_client_secret', 'oauth_scope'] as const
  const why = `kafka.sasl.mechanism is ${sasl.mechanism}`
  if (sasl.mechanism === 'none')
    return own.unused([...password, 'oauth_token_url', 'oauth_token_file', ...endpoint], why)
  if (sasl.mechanism !== 'oauthbearer') {
    const unused = own.unused(['oauth_token_url', 'oauth_token_file', ...endpoint], why)
    return [...own.missing(password, why), ...unused]
  }
  const unused = own.unused(password, why)
  if (sasl.oauth_token_url === '' && sasl.oauth_token_file === '') {
    return [...unused, ...own.missing(['oauth_token_url'], `${why} and kafka.sasl.oauth_token_file is not set`)]
  }
  if (sasl.oauth_token_url === '') return [...unused, ...own.unused(endpoint, 'kafka.sasl.oauth_token_url is not set')]
  return [
    ...unused,
    ...own.unused(['oauth_token_file'], 'kafka.sasl.oauth_token_url is set'),
    ...own.missing(['oauth_client_id', 'oauth_client_secret'], 'kafka.sasl.oauth_token_url is set'),
  ]
}

function registryMismatches({ registry_url, registry }: Connections): Mismatch[] {
  const own = section(registry, ['registry'])
  const credentials = ['username', 'password', 'token'] as const
  const tls = ['ca_file', 'certificate_file', 'key_file', 'key_passphrase'] as const
  if (registry_url === '') return own.unused([...credentials, ...tls], 'kafka.registry_url is not set')
  const mismatches: Mismatch[] = []
  if (!registry_url.startsWith('https:')) mismatches.push(...own.unused(tls, 'kafka.registry_url is not https'))
  else mismatches.push(...keyPairMismatches(registry, ['registry']))
  if (registry.token !== '') mismatches.push(...own.unused(['username', 'password'], 'kafka.registry.token is set'))
  else if (registry.username !== '') mismatches.push(...own.missing(['password'], 'kafka.registry.username is set'))
  else mismatches.push(...own.unused(['password'], 'kafka.registry.username is not set'))
  return mismatches
}

function keyPairMismatches(
  keyPair: Pick<TlsSettings, 'certificate_file' | 'key_file' | 'key_passphrase'>,
  path: readonly string[],
): Mismatch[] {
  const own = section(keyPair, path)
  const name = `kafka.${path.join('.')}`
  if (keyPair.certificate_file !== '') return own.missing(['key_file'], `${name}.certificate_file is set`)
  return own.unused(['key_file', 'key_passphrase'], `${name}.certificate_file is not set`)
}

function section<Settings extends object>(settings: Settings, path: readonly string[]) {
  type Name = keyof Settings & string
  const find = (names: readonly Name[], isWanted: (value: unknown) => boolean, expected: string): Mismatch[] =>
    names.filter((name) => isWanted(settings[name])).map((name) => ({ path: [...path, name], expected }))
  return {
    missing: (names: readonly Name[], why: string) => find(names, (value) => value === '', `a value, because ${why}`),
    unused: (names: readonly Name[], why: string) => find(names, (value) => value !== '', `nothing, because ${why}`),
  }
}
