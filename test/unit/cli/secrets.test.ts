import { expect, it } from 'vitest'
import { hydrawatch, scratch } from '../../helpers/cli.ts'

const files = scratch()
const CANARY = 'canary-5f1c9a'
const NOWHERE = '127.0.0.1:9'

const atOnce = {
  HYDRAWATCH_KAFKA_RETRIES_MAX: '0',
  HYDRAWATCH_KAFKA_CONNECT_TIMEOUT_MS: '300',
  HYDRAWATCH_LOG_LEVEL: 'trace',
}
const connection = {
  ...atOnce,
  KAFKA_BROKERS: NOWHERE,
  SCHEMA_REGISTRY_URL: `http://${NOWHERE}`,
  HYDRAWATCH_KAFKA_REGISTRY_USERNAME: 'hw',
  HYDRAWATCH_KAFKA_REGISTRY_PASSWORD: `${CANARY}-registry`,
  HYDRAWATCH_EDGE_CONTENT_SECRET: `${CANARY}-content-secret`,
}
const password = {
  ...connection,
  HYDRAWATCH_KAFKA_SASL_MECHANISM: 'plain',
  HYDRAWATCH_KAFKA_SASL_USERNAME: 'hw',
  HYDRAWATCH_KAFKA_SASL_PASSWORD: `${CANARY}-password`,
}
const token = {
  ...connection,
  HYDRAWATCH_KAFKA_SASL_MECHANISM: 'oauthbearer',
  HYDRAWATCH_KAFKA_SASL_OAUTH_TOKEN_URL: `http://${NOWHERE}/token`,
  HYDRAWATCH_KAFKA_SASL_OAUTH_CLIENT_ID: 'hw',
  HYDRAWATCH_KAFKA_SASL_OAUTH_CLIENT_SECRET: `${CANARY}-client`,
}
const bearer = {
  ...atOnce,
  KAFKA_BROKERS: NOWHERE,
  SCHEMA_REGISTRY_URL: `http://${NOWHERE}`,
  HYDRAWATCH_KAFKA_REGISTRY_TOKEN: `${CANARY}-token`,
}
const inUrl = { SCHEMA_REGISTRY_URL: `http://hw:${CANARY}@registry:8081` }
const lacking = { HYDRAWATCH_KAFKA_SASL_PASSWORD: `${CANARY}-password` }
const locked = {
  KAFKA_BROKERS: NOWHERE,
  HYDRAWATCH_KAFKA_TLS_ENABLED: 'true',
  HYDRAWATCH_KAFKA_TLS_CERTIFICATE_FILE: files.write('c.pem', 'no certificate'),
  HYDRAWATCH_KAFKA_TLS_KEY_FILE: files.write('k.pem', '-----BEGIN ENCRYPTED PRIVATE KEY-----'),
  HYDRAWATCH_KAFKA_TLS_KEY_PASSPHRASE: `${CANARY}-passphrase`,
}
const broken = {
  HYDRAWATCH_KAFKA_SASL_PASSWORD: `${CANARY}-password`,
  HYDRAWATCH_KAFKA_SASL_PASSWORD_FILE: files.write('password', `${CANARY}-password`),
}

it.each(Object.entries({ password, token, bearer, inUrl, lacking, locked, broken }))(
  'no command prints a secret, whatever is wrong with the connection (%s)',
  async (_what, env) => {
    const said: string[] = []
    for (const command of [
      'config',
      'config --json',
      'doctor',
      'lag',
      'topics apply',
      'topics apply --acls',
      'run all',
    ]) {
      const { out, err } = await hydrawatch(command.split(' '), { env })
      said.push(out, err)
    }
    expect(said.join('')).not.toBe('')
    const encoded = Buffer.from(`hw:${CANARY}`).toString('base64').slice(0, 12)
    expect(said.filter((text) => text.includes(CANARY) || text.includes(encoded))).toEqual([])
  },
)
