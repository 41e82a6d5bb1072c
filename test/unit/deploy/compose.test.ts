import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { STOP_MAX_MS } from '../../../lib/kafka/stage-runtime.ts'
import { loadConfig } from '../../../lib/ops/config.ts'
import { packageVersion } from '../../../lib/ops/package-info.ts'
import { envNames, settingFields } from '../../../lib/ops/setting-fields.ts'
import { DEVELOPMENT_CONTENT_SECRET, DEVELOPMENT_INFRASTRUCTURE_SECRET } from '../../../lib/ops/settings.ts'
import { hydrawatch, scratch } from '../../helpers/cli.ts'
import { COMPOSE_FILE, type ComposeFile, type ComposeService, ownServices, readCompose } from '../../helpers/compose.ts'
import { composeConfig, findCompose } from '../../helpers/compose-command.ts'

const SECRETS_FOLDER = '/run/secrets/'
const files = scratch()
const compose = readCompose()
const own = ownServices(compose)
const consumers = own.filter(([, { command }]) => command?.[0] === 'run')
const settings = new Set(settingFields(settingsSchema).flatMap(envNames))

/** The service's environment as text, as a process gets it; secrets that it is granted stand in a file of this machine. */
function environmentOf({ environment = {}, secrets = [] }: ComposeService): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const text = String(value)
      if (!text.startsWith(SECRETS_FOLDER)) return [name, text]
      const secret = text.slice(SECRETS_FOLDER.length)
      expect(secrets, name).toContain(secret)
      expect(Object.keys(compose.secrets)).toContain(secret)
      return [name, files.write(secret, `a secret of a test, called ${secret}\n`)]
    }),
  )
}

function configOf(service: ComposeService) {
  return loadConfig(settingsSchema, { env: environmentOf(service) })
}

function bytes(text: unknown): number {
  const [, count, unit] = /^(\d+)([mg])$/.exec(String(text)) ?? []
  return Number(count) * (unit === 'g' ? 2 ** 30 : 2 ** 20)
}

describe('docker-compose.yml', () => {
  it('gives our services no variable that is not a setting, and no value that the setting refuses', () => {
    expect(own.length).toBeGreaterThan(STAGE_NAMES.length)
    for (const [name, service] of own) {
      const variables = Object.keys(service.environment ?? {}).filter((variable) => variable !== 'NODE_OPTIONS')
      expect(variables.filter((variable) => !settings.has(variable), name)).toEqual([])
      expect(() => configOf(service), name).not.toThrow()
    }
  })

  it('sends all of them to the same broker, registry and partitions', () => {
    const places = own.map(([, service]) => {
      const { kafka, topics } = configOf(service)
      return JSON.stringify({ kafka, topics })
    })
    expect(new Set(places).size).toBe(1)
    const { kafka } = configOf(own[0]![1])
    expect(String(compose.services.kafka?.environment?.KAFKA_ADVERTISED_LISTENERS)).toContain(
      `//${kafka.brokers.join(',')}`,
    )
    expect(compose.services[new URL(kafka.registry_url).hostname]).toBeDefined()
  })

  it('runs every stage, each in a service of its own that can be scaled', () => {
    expect(consumers.map(([, { command }]) => command)).toEqual(STAGE_NAMES.map((stage) => ['run', stage]))
    for (const [name, service] of consumers) {
      expect(service.container_name, name).toBeUndefined()
      expect(service.ports, name).toBeUndefined()
    }
  })

  it('starts a consumer after the topics and again after a failure, and gives it longer to stop than it takes', () => {
    for (const [name, service] of consumers) {
      expect(service.depends_on, name).toEqual({ topics: { condition: 'service_completed_successfully' } })
      expect(service.restart, name).toBe('unless-stopped')
      expect(Number.parseInt(String(service.stop_grace_period), 10) * 1000, name).toBeGreaterThan(STOP_MAX_MS)
    }
    expect(compose.services.topics?.depends_on).toEqual({
      kafka: { condition: 'service_healthy' },
      registry: { condition: 'service_healthy' },
    })
  })

  it('asks each consumer for its health where it serves it, and opens that to nobody outside', () => {
    for (const [name, service] of consumers) {
      const { test } = service.healthcheck as { test: string[] }
      expect(test.slice(0, 3), name).toEqual(['CMD', 'node', '--eval'])
      expect(test[3], name).toContain(`fetch('http://127.0.0.1:${configOf(service).metrics.port}/livez')`)
    }
  })

  it('asks our program only for commands and options that it has', async () => {
    for (const [name, { command }] of own) {
      if (command === undefined) continue
      const run = await hydrawatch(command)
      // Without a broker each comes as far as asking for one.
      expect(run.err, name).toMatch(/^hydrawatch: kafka\.brokers is not set/)
    }
  })

  it('pins every image, ours to this version and Kafka to the release that the tests run on', () => {
    for (const [name, { image }] of Object.entries(compose.services)) expect(image, name).toMatch(/:\d+\.\d+\.\d+$/)
    expect(new Set(own.map(([, { image }]) => image))).toEqual(new Set([`hydrawatch:${packageVersion()}`]))
    const pom = readFileSync(fileURLToPath(new URL('../../../scripts/real-kafka/pom.xml', import.meta.url)), 'utf8')
    const [, version] = /<kafka\.version>(.*)<\/kafka\.version>/.exec(pom) ?? []
    expect(compose.services.kafka?.image).toBe(`apache/kafka:${version}`)
  })

  it('runs the release of the registry that the tests run on', () => {
    const script = readFileSync(
      fileURLToPath(new URL('../../../scripts/real-kafka/registry.mjs', import.meta.url)),
      'utf8',
    )
    const [, version] = /VERSION = '(.*)'/.exec(script) ?? []
    expect(compose.services.registry?.image).toBe(`apicurio/apicurio-registry:${version}`)
  })

  it('keeps what Kafka holds, and the ids of the schemas with it', () => {
    expect(compose.services.kafka?.volumes).toEqual([`kafka:${compose.services.kafka?.environment?.KAFKA_LOG_DIRS}`])
    expect(Object.keys(compose.volumes)).toEqual(['kafka'])
    expect(compose.services.registry?.environment?.APICURIO_STORAGE_KIND).toBe('kafkasql')
  })

  it('gives the edge keys as files to those who hash, and to no consumer', () => {
    for (const [name, service] of consumers) expect(service.secrets, name).toBeUndefined()
    const { edge } = configOf(compose.services.traffic!)
    expect(edge.content_secret).not.toBe(DEVELOPMENT_CONTENT_SECRET)
    expect(edge.infrastructure_secret).not.toBe(DEVELOPMENT_INFRASTRUCTURE_SECRET)
    for (const { file } of Object.values(compose.secrets)) expect(file).toMatch(/^\.\/secrets\//)
    expect(readFileSync(COMPOSE_FILE, 'utf8')).not.toMatch(/_SECRET:/)
  })

  it('lets our services do no more than they need, in bounded memory with a heap below it', () => {
    for (const [name, service] of own) {
      expect(service, name).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        init: true,
      })
      expect(service.user, name).toBeUndefined()
      expect(service.privileged, name).toBeUndefined()
    }
    for (const [name, { environment, mem_limit }] of consumers) {
      const [, heap] = /--max-old-space-size=(\d+)/.exec(String(environment?.NODE_OPTIONS)) ?? []
      expect((Number(heap) * 2 ** 20) / bytes(mem_limit), name).toBe(0.75)
    }
  })

  it('opens ports to this machine only', () => {
    for (const [name, { ports = [] }] of Object.entries(compose.services)) {
      for (const port of ports as string[]) expect(port, name).toMatch(/^127\.0\.0\.1:/)
    }
  })

  it('is what compose reads, each of our services with the command and the environment that the others look at', (context) => {
    const command = findCompose()
    if (command === null) {
      process.stderr.write(
        'compose config: skipped, there is no docker compose and no docker-compose here (apt-get install --no-install-recommends docker-compose)\n',
      )
      return context.skip()
    }
    const profiles = Object.values(compose.services).flatMap(({ profiles = [] }) => profiles as string[])
    const run = composeConfig(command, [...new Set(profiles)])
    expect(run.status, run.stderr).toBe(0)
    // Warnings are about variables that are not set and keys that are obsolete.
    expect(run.stderr).toBe('')
    const { services }: ComposeFile = parse(run.stdout)
    expect(Object.keys(services).sort()).toEqual(Object.keys(compose.services).sort())
    for (const [name, { command, environment = {} }] of own) {
      expect(services[name]?.command ?? undefined, name).toEqual(command)
      expect(textOf(services[name]?.environment ?? {}), name).toEqual(textOf(environment))
    }
  })
})

function textOf(environment: NonNullable<ComposeService['environment']>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]))
}
