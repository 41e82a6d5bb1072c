import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeConfig, loadConfig } from '../../../lib/ops/config.ts'
import { ConfigError } from '../../../lib/ops/config-error.ts'
import { operationalSettings } from '../../../lib/ops/settings.ts'
import { settingsTable } from '../../../lib/ops/settings-table.ts'

const schema = z.strictObject(operationalSettings)
const folder = mkdtempSync(join(tmpdir(), 'hydrawatch-connection-'))
afterAll(() => rmSync(folder, { recursive: true }))

function kafka(kafka: object) {
  return loadConfig(schema, { env: {}, flags: { kafka } }).kafka
}

function problems(settings: object): string[] {
  try {
    kafka(settings)
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems]
    throw error
  }
  return []
}

describe('settings of connections that do not go together', () => {
  it.each([
    [
      { sasl: { mechanism: 'plain', password: 'hunter22' } },
      ['kafka.sasl.username is not set; expected a value, because kafka.sasl.mechanism is plain'],
    ],
    [
      { sasl: { mechanism: 'scram-sha-512', username: 'u' } },
      ['kafka.sasl.password is not set; expected a value, because kafka.sasl.mechanism is scram-sha-512'],
    ],
    [
      { sasl: { password: 'hunter22' } },
      ['kafka.sasl.password is (secret) (command line); expected nothing, because kafka.sasl.mechanism is none'],
    ],
    [
      { sasl: { mechanism: 'oauthbearer' } },
      [
        'kafka.sasl.oauth_token_url is not set; expected a value, because kafka.sasl.mechanism is oauthbearer and kafka.sasl.oauth_token_file is not set',
      ],
    ],
    [
      { sasl: { mechanism: 'oauthbearer', oauth_token_url: 'https://id/token', oauth_client_id: 'c' } },
      ['kafka.sasl.oauth_client_secret is not set; expected a value, because kafka.sasl.oauth_token_url is set'],
    ],
    [
      { tls: { server_name: 'kafka' } },
      ['kafka.tls.server_name is "kafka" (command line); expected nothing, because kafka.tls.enabled is false'],
    ],
    [
      { tls: { enabled: true, certificate_file: '/c.pem' } },
      ['kafka.tls.key_file is not set; expected a value, because kafka.tls.certificate_file is set'],
    ],
    [
      { registry: { username: 'u', password: 'hunter22' } },
      [
        'kafka.registry.username is "u" (command line); expected nothing, because kafka.registry_url is not set',
        'kafka.registry.password is (secret) (command line); expected nothing, because kafka.registry_url is not set',
      ],
    ],
    [
      { registry_url: 'http://r', registry: { token: 'hunter22', username: 'u' } },
      ['kafka.registry.username is "u" (command line); expected nothing, because kafka.registry.token is set'],
    ],
    [
      { registry_url: 'http://r', registry: { ca_file: '/ca.pem' } },
      ['kafka.registry.ca_file is "/ca.pem" (command line); expected nothing, because kafka.registry_url is not https'],
    ],
  ])('%j are refused with what is expected and why', (settings, expected) => {
    expect(problems(settings)).toEqual(expected.map((problem) => expect.stringContaining(problem)))
  })

  it.each([
    {},
    { tls: { enabled: true } },
    { tls: { enabled: true, certificate_file: '/c.pem', key_file: '/k.pem', key_passphrase: 'p' } },
    { sasl: { mechanism: 'scram-sha-256', username: 'u', password: 'p' } },
    { sasl: { mechanism: 'oauthbearer', oauth_token_file: '/t' } },
    { registry_url: 'https://r', registry: { username: 'u', password: 'p', ca_file: '/ca.pem' } },
  ])('%j are taken', (settings) => {
    expect(problems(settings)).toEqual([])
  })
})

describe('secrets of connections', () => {
  const secrets = settingsTable(schema).filter(({ type }) => type.endsWith(', secret'))

  it('are every password, passphrase, token and client secret', () => {
    expect(secrets.map(({ path }) => path)).toEqual([
      'kafka.tls.key_passphrase',
      'kafka.sasl.password',
      'kafka.sasl.oauth_client_secret',
      'kafka.registry.password',
      'kafka.registry.token',
      'kafka.registry.key_passphrase',
      'edge.content_secret',
      'edge.infrastructure_secret',
    ])
  })

  it('come from the environment, from a file that it names, or from a file that the settings name', () => {
    writeFileSync(join(folder, 'password'), 'from a file\n')
    const user = { HYDRAWATCH_KAFKA_SASL_MECHANISM: 'plain', HYDRAWATCH_KAFKA_SASL_USERNAME: 'u' }
    const load = (env: NodeJS.ProcessEnv, file?: string) =>
      loadConfig(schema, { env: { ...user, ...env }, file }).kafka.sasl.password
    expect(load({ HYDRAWATCH_KAFKA_SASL_PASSWORD: 'typed' })).toBe('typed')
    expect(load({ HYDRAWATCH_KAFKA_SASL_PASSWORD_FILE: join(folder, 'password') })).toBe('from a file')
    const settings = join(folder, 'settings.yaml')
    writeFileSync(settings, 'kafka: { sasl: { password_file: password } }\n')
    expect(load({}, settings)).toBe('from a file')
    expect(load({ HYDRAWATCH_KAFKA_SASL_PASSWORD: 'typed' }, settings)).toBe('typed')
  })

  it('are masked when they are set, and shown as empty when they are not', () => {
    const config = loadConfig(schema, {
      env: {},
      flags: { kafka: { sasl: { mechanism: 'plain', username: 'u', password: 'hunter22' } } },
    })
    const shown = describeConfig(schema, config)
    expect(shown.kafka).toMatchObject({ sasl: { password: '(secret)' }, registry: { token: '' } })
    expect(JSON.stringify(shown)).not.toContain('hunter22')
  })
})

it('a path in a configuration file is relative to that file', () => {
  const settings = join(folder, 'tls.yaml')
  writeFileSync(settings, 'kafka: { tls: { enabled: true, ca_file: ca.pem } }\n')
  expect(loadConfig(schema, { env: {}, file: settings }).kafka.tls.ca_file).toBe(join(folder, 'ca.pem'))
})
