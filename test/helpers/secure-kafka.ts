import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Authority } from './certificates.ts'
import { freePorts } from './free-ports.ts'
import { createScramUsers, type ScramUser } from './scram-users.ts'

/** Why there is no secured Kafka here; null when there is. One is started beside the Kafka of the integration tests. */
export const NO_SECURE_KAFKA =
  process.env.REQUIRE_KAFKA === '1' ? null : 'it needs a real Kafka; run the integration tests with REQUIRE_KAFKA=1'

export interface SecureKafka {
  /** Without TLS and SASL; whoever comes in here is a super user. */
  readonly open: string
  /** TLS, and SASL of every mechanism. */
  readonly sasl: string
  /** TLS that wants a certificate of the client. */
  readonly mutual: string
  stop(): Promise<void>
}

export interface SecureKafkaOptions {
  readonly authority: Authority
  readonly plainUsers: Readonly<Record<string, string>>
  readonly scramUsers: readonly ScramUser[]
}

const SCRIPTS = join(import.meta.dirname, '../../scripts')
const LOGIN = 'org.apache.kafka.common.security'

/** Starts an Apache Kafka whose listeners want TLS and SASL, and which lets nobody do what no ACL allows. */
export async function startSecureKafka({
  authority,
  plainUsers,
  scramUsers,
}: SecureKafkaOptions): Promise<SecureKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'hydrawatch-secure-'))
  const port = await freePorts(4)
  const [sasl, mutual] = [port + 2, port + 3]
  const own = authority.issue({ name: 'broker' })
  const keystore = join(folder, 'broker.pem')
  writeFileSync(keystore, readFileSync(own.key, 'utf8') + readFileSync(own.certificate, 'utf8'))
  const passwords = Object.entries(plainUsers).map(([name, password]) => `user_${name}="${password}"`)
  const properties = {
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1},SECURE://127.0.0.1:${sasl},MUTUAL://127.0.0.1:${mutual}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${sasl},MUTUAL://127.0.0.1:${mutual}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL,MUTUAL:SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': authority.ca,
    'listener.name.mutual.ssl.client.auth': 'required',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'listener.name.secure.plain.sasl.jaas.config': `${LOGIN}.plain.PlainLoginModule required ${passwords.join(' ')};`,
    'listener.name.secure.scram-sha-256.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
    'listener.name.secure.scram-sha-512.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
    // Tokens without a signature, which Kafka takes by default: for tests only.
    'listener.name.secure.oauthbearer.sasl.jaas.config': `${LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
  }
  const file = join(folder, 'secure.properties')
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )
  const argv = ['--fresh', '--dir', join(folder, 'kafka'), '--port', String(port), '--properties', file]
  const kafka = spawn(process.execPath, [join(SCRIPTS, 'real-kafka/start.mjs'), ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = async (): Promise<void> => {
    await ended(kafka)
    rmSync(folder, { recursive: true, force: true })
  }
  const open = `127.0.0.1:${port}`
  try {
    await ready(kafka)
    await createScramUsers(open, scramUsers)
  } catch (error) {
    await stop()
    throw error
  }
  return { open, sasl: `127.0.0.1:${sasl}`, mutual: `127.0.0.1:${mutual}`, stop }
}

/** A token for Kafka's validator of unsigned tokens. */
export function unsignedToken(subject: string, now_ms: number, life_s: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const iat = Math.floor(now_ms / 1_000) - 1
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat, exp: iat + 1 + life_s })}.`
}

async function ready(kafka: ChildProcess): Promise<void> {
  const lines = createInterface({ input: kafka.stdout! })
  const first = once(lines, 'line')
  const gone = once(kafka, 'exit').then(([status]) => {
    throw new Error(`the secured Kafka did not start (status ${status}); see above`)
  })
  await Promise.race([first, gone])
  gone.catch(() => undefined)
  lines.close()
}

async function ended(kafka: ChildProcess): Promise<void> {
  if (kafka.exitCode !== null || kafka.signalCode !== null) return
  const exited = once(kafka, 'exit')
  kafka.kill('SIGTERM')
  await exited
}
