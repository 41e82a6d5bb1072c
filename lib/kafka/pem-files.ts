import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from '../ops/config-error.ts'

export interface PemSettings {
  readonly ca_file: string
  readonly certificate_file: string
  readonly key_file: string
  readonly key_passphrase: string
}

/** What Node's tls module takes; members that were not given are absent. */
export interface PemFiles {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * Reads the files that a section of settings names, such as `kafka.tls`, and makes sure that they are what they should be:
 * a connection that fails for want of a readable file says so as a failed handshake, which helps nobody.
 *
 * @throws ConfigError for a file that can't be read, holds no PEM, has another passphrase, or a key that is another's.
 */
export function readPemFiles(settings: PemSettings, section: string): PemFiles {
  const { ca_file, certificate_file, key_file, key_passphrase: passphrase } = settings
  const ca = ca_file === '' ? undefined : read(ca_file, `${section}.ca_file`)
  if (ca !== undefined) certificatesOf(ca, ca_file, `${section}.ca_file`)
  if (certificate_file === '') return ca === undefined ? {} : { ca }
  const cert = read(certificate_file, `${section}.certificate_file`)
  const [own] = certificatesOf(cert, certificate_file, `${section}.certificate_file`)
  const key = read(key_file, `${section}.key_file`)
  const keyObject = privateKey(key, passphrase, key_file, section)
  if (own && !own.checkPrivateKey(keyObject)) {
    throw new ConfigError([
      `${section}.key_file ${key_file} is not the key of the certificate in ${certificate_file}; give the two that belong together.`,
    ])
  }
  return { ...(ca === undefined ? {} : { ca }), cert, key, ...(passphrase === '' ? {} : { passphrase }) }
}

/** When our own certificate ends, epoch ms; null without one. */
export function certificateEnd_ms({ cert }: PemFiles): number | null {
  return cert === undefined ? null : Date.parse(new X509Certificate(cert).validTo)
}

function read(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ConfigError([
      `${name} is ${resolve(file)}, which can not be read (${reason}); check the path and its permissions.`,
    ])
  }
}

function certificatesOf(text: string, file: string, name: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? []
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block))
  } catch {
    // Below: what OpenSSL says about broken base64 helps nobody.
  }
  throw new ConfigError([
    `${name} ${file} holds no certificate in PEM form; it must have lines from BEGIN CERTIFICATE to END CERTIFICATE.`,
  ])
}

function privateKey(key: string, passphrase: string, file: string, section: string): KeyObject {
  try {
    return createPrivateKey(passphrase === '' ? key : { key, passphrase })
  } catch {
    const next = /ENCRYPTED/.test(key)
      ? `is encrypted and ${section}.key_passphrase is ${passphrase === '' ? 'not set' : 'another one'}; set its passphrase.`
      : 'holds no private key in PEM form; it must have lines from BEGIN PRIVATE KEY to END PRIVATE KEY.'
    throw new ConfigError([`${section}.key_file ${file} ${next}`])
  }
}
