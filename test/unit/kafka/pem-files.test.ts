import { chmodSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { certificateEnd_ms, readPemFiles } from '../../../lib/kafka/pem-files.ts'
import { ConfigError } from '../../../lib/ops/config-error.ts'
import { createAuthority, NO_OPENSSL } from '../../helpers/certificates.ts'
import { scratch } from '../../helpers/cli.ts'

const files = scratch()
const none = { ca_file: '', certificate_file: '', key_file: '', key_passphrase: '' }

function refusal(settings: Partial<typeof none>): string {
  try {
    readPemFiles({ ...none, ...settings }, 'kafka.tls')
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'taken'
}

describe.skipIf(NO_OPENSSL)('files of a TLS connection', () => {
  const authority = NO_OPENSSL ? null : createAuthority()
  afterAll(() => authority?.remove())
  const own = authority?.issue({ name: 'own' }) ?? { certificate: '', key: '' }
  const locked = authority?.issue({ name: 'locked', passphrase: 'open sesame' }) ?? { certificate: '', key: '' }

  it('are read as Node wants them, and say when the certificate ends', () => {
    const { certificate: certificate_file, key: key_file } = locked
    const settings = { ca_file: authority?.ca ?? '', certificate_file, key_file, key_passphrase: 'open sesame' }
    const pem = readPemFiles(settings, 'kafka.tls')
    expect(Object.keys(pem)).toEqual(['ca', 'cert', 'key', 'passphrase'])
    expect(certificateEnd_ms(pem)).toBeGreaterThan(Date.now())
    expect(readPemFiles(none, 'kafka.tls')).toEqual({})
    expect(certificateEnd_ms({})).toBeNull()
  })

  it('are refused by name when they are missing, unreadable, or not what they should be', () => {
    const text = files.write('text.pem', 'no certificate\n')
    const broken = files.write('broken.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
    expect(refusal({ ca_file: '/nowhere/ca.pem' })).toMatch(/kafka\.tls\.ca_file is \/nowhere\/ca\.pem.*\(ENOENT\)/)
    expect(refusal({ ca_file: text })).toContain(`kafka.tls.ca_file ${text} holds no certificate in PEM form`)
    expect(refusal({ ca_file: broken })).toContain(`kafka.tls.ca_file ${broken} holds no certificate in PEM form`)
    expect(refusal({ certificate_file: own.key, key_file: own.key })).toContain('holds no certificate in PEM form')
    expect(refusal({ certificate_file: own.certificate, key_file: text })).toContain('holds no private key in PEM form')
    expect(refusal({ certificate_file: own.certificate, key_file: locked.key })).toMatch(
      /is encrypted and kafka\.tls\.key_passphrase is not set/,
    )
    const wrong = { certificate_file: locked.certificate, key_file: locked.key, key_passphrase: 'hunter22' }
    expect(refusal(wrong)).toMatch(/is encrypted and kafka\.tls\.key_passphrase is another one/)
    expect(refusal(wrong)).not.toContain('hunter22')
    const other = authority?.issue({ name: 'other' }).key ?? ''
    expect(refusal({ certificate_file: own.certificate, key_file: other })).toContain(
      'is not the key of the certificate',
    )
  })

  it.skipIf(process.getuid?.() === 0)('are refused when their permissions keep us out', () => {
    const secret = files.write('secret.pem', 'x')
    chmodSync(secret, 0)
    expect(refusal({ ca_file: secret })).toContain('(EACCES)')
  })
})
