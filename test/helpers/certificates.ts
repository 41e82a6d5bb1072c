import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of a certificate and its key, PEM. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

export interface CertificateOptions {
  /** Common name; an organisation stands beside it. */
  readonly name: string
  /** @default localhost and 127.0.0.1 */
  readonly alternativeNames?: string
  /** Negative: expired so long ago. @default 2 */
  readonly days?: number
  /** Encrypts the key. */
  readonly passphrase?: string
}

/** A CA of a test's own, in a folder that goes with it. */
export interface Authority {
  /** Path of its certificate. */
  readonly ca: string
  issue(options: CertificateOptions): KeyPair
  remove(): void
}

/** Why tests that need certificates can not run here; null when they can. */
export const NO_OPENSSL = spawnSync('openssl', ['version']).error ? 'openssl is not installed' : null

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

export function createAuthority(name = 'a CA of the tests'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'hydrawatch-ca-'))
  const at = (file: string) => join(folder, file)
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`)
  }
  openssl('req', '-x509', ...CURVE, '-nodes', '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', `/CN=${name}`)
  let issued = 0
  return {
    ca: at('ca.pem'),
    issue({ name: commonName, alternativeNames = 'DNS:localhost,IP:127.0.0.1', days = 2, passphrase }) {
      const id = issued++
      const [key, request, certificate, extensions] = ['key', 'csr', 'pem', 'ext'].map((end) => at(`${id}.${end}`)) as [
        string,
        string,
        string,
        string,
      ]
      const lock = passphrase === undefined ? ['-nodes'] : ['-passout', `pass:${passphrase}`]
      openssl('req', ...CURVE, ...lock, '-keyout', key, '-out', request, '-subj', `/O=tests/CN=${commonName}`)
      writeFileSync(extensions, `subjectAltName=${alternativeNames}\n`)
      const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-set_serial', String(id + 1)]
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        ...signer,
        '-days',
        String(days),
        '-extfile',
        extensions,
        '-out',
        certificate,
      )
      return { certificate, key }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
