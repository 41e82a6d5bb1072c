import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { configHash, describeConfig, loadConfig } from '../../../lib/ops/config.ts'
import { ConfigError } from '../../../lib/ops/config-error.ts'
import { UsageError } from '../../../lib/ops/errors.ts'
import { DEVELOPMENT_CONTENT_SECRET, operationalSettings } from '../../../lib/ops/settings.ts'

const schema = z.strictObject({
  ...operationalSettings,
  detectors: z
    .strictObject({
      'coverage-sweep': z
        .strictObject({ enabled: z.boolean().default(true), models: z.record(z.string(), z.number()).default({}) })
        .prefault({}),
      rules: z.array(z.strictObject({ name: z.string() })).default([]),
    })
    .prefault({}),
})

const folder = mkdtempSync(join(tmpdir(), 'hydrawatch-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
function file(text: string): string {
  const path = join(folder, `file-${files++}`)
  writeFileSync(path, text)
  return path
}

function problems(load: () => unknown): readonly string[] {
  try {
    load()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('precedence', () => {
  it('gives every setting a default', () => {
    const config = loadConfig(schema, { env: {} })
    expect(config.hops).toEqual({
      length_ms: 60_000,
      bound_ms: 30_000,
      late_max_ms: 3_600_000,
      future_max_ms: 600_000,
      silence_ms: 15_000,
      ahead_hops: 3,
    })
    expect(config.kafka.brokers).toEqual([])
  })

  it('lets flags beat the environment, that beat the file, that beat the defaults', () => {
    const path = file('hops: { length_ms: 1001, bound_ms: 1001, silence_ms: 1001 }\n')
    const config = loadConfig(schema, {
      file: path,
      env: { HYDRAWATCH_HOPS_LENGTH_MS: '2002', HYDRAWATCH_HOPS_BOUND_MS: '2002' },
      flags: { hops: { length_ms: 3003, late_max_ms: undefined } },
    })
    expect(config.hops).toEqual({
      length_ms: 3003,
      bound_ms: 2002,
      silence_ms: 1001,
      late_max_ms: 3_600_000,
      future_max_ms: 600_000,
      ahead_hops: 3,
    })
  })

  it('replaces a list as a whole', () => {
    const path = file('kafka: { brokers: ["a:1", "b:2"] }\n')
    expect(loadConfig(schema, { file: path, env: { KAFKA_BROKERS: 'c:3' } }).kafka.brokers).toEqual(['c:3'])
  })
})

describe('unknown names', () => {
  it('refuses a misspelt setting with its full path and the nearest known one', () => {
    const path = file('hops: { lenght_ms: 5 }\n')
    expect(problems(() => loadConfig(schema, { file: path, env: {} }))).toEqual([
      'unknown setting `hops.lenght_ms`; did you mean `hops.length_ms`?',
    ])
  })

  it.each([
    ['a section', 'hop: { length_ms: 5 }', '`hop`; did you mean `hops`?'],
    ['a setting in the wrong section', 'kafka: { length_ms: 5 }', '`kafka.length_ms`; did you mean `hops.length_ms`?'],
    ['three levels down', 'detectors: { coverage-sweep: { enable: true } }', '`detectors.coverage-sweep.enabled`'],
    [
      'inside a list',
      'detectors: { rules: [{ nmae: x }] }',
      '`detectors.rules.0.nmae`; did you mean `detectors.rules.0.name`?',
    ],
    ['a misspelt secret file', 'edge: { content_secert_file: x }', 'did you mean `edge.content_secret_file`?'],
    ['a name like nothing known', 'zzzzzzzzzz: 1', '`zzzzzzzzzz`; `hydrawatch config --markdown` lists all.'],
    ['the prototype', '__proto__: { a: 1 }', 'unknown setting `__proto__`'],
  ])('refuses %s', (_what, yaml, message) => {
    const path = file(`${yaml}\n`)
    expect(() => loadConfig(schema, { file: path, env: {} })).toThrow(message)
  })

  it('refuses an unknown name in a section that forgot to be strict', () => {
    const lax = z.object({ hops: z.object({ length_ms: z.number().default(1) }).prefault({}) })
    expect(() => loadConfig(lax, { flags: { hops: { length_m: 2 } }, env: {} })).toThrow('`hops.length_ms`')
  })

  it('refuses an unknown variable of ours and names the nearest', () => {
    expect(problems(() => loadConfig(schema, { env: { HYDRAWATCH_HOPS_LENGHT_MS: '5', PATH: '/bin' } }))).toEqual([
      'unknown environment variable HYDRAWATCH_HOPS_LENGHT_MS; did you mean `HYDRAWATCH_HOPS_LENGTH_MS`?',
    ])
  })

  it('lets the variables pass that Kubernetes adds for a Service of our name', () => {
    const env = {
      HYDRAWATCH_SERVICE_HOST: '10.0.0.1',
      HYDRAWATCH_CONSOLE_SERVICE_PORT_HTTP: '80',
      HYDRAWATCH_PORT: 'tcp://10.0.0.1:80',
      HYDRAWATCH_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    expect(() => loadConfig(schema, { env })).not.toThrow()
  })

  it('names every problem of a file at once', () => {
    const path = file('hops: { lenght_ms: 5, bond_ms: 6 }\n')
    expect(problems(() => loadConfig(schema, { file: path, env: {} }))).toHaveLength(2)
  })

  it('is wrong usage', () => {
    expect(() => loadConfig(schema, { flags: { nope: 1 }, env: {} })).toThrow(UsageError)
  })
})

describe('wrong values', () => {
  it('names path, value, where it was written and what is expected', () => {
    const path = file('kafka: { retries_max: -2 }\nlog: { level: loud }\n')
    expect(problems(() => loadConfig(schema, { file: path, env: { HYDRAWATCH_HOPS_LENGTH_MS: 'soon' } }))).toEqual([
      `kafka.retries_max is -2 (${path}); expected integer from 0 to 100`,
      'hops.length_ms is "soon" (HYDRAWATCH_HOPS_LENGTH_MS); expected integer from 100 to 86400000',
      `log.level is "loud" (${path}); expected one of trace, debug, info, warn, error, fatal, silent`,
    ])
  })

  it('says what an address must look like', () => {
    expect(problems(() => loadConfig(schema, { env: { KAFKA_BROKERS: 'good:9092,bad' } }))).toEqual([
      'kafka.brokers.1 is "bad" (KAFKA_BROKERS); expected host:port, such as kafka-1:9092',
    ])
  })

  it('refuses a setting without a value, and ignores a section without settings', () => {
    const empty = file('hops:\n  # length_ms: 5\nkafka: {}\n')
    expect(loadConfig(schema, { file: empty, env: {} }).hops.length_ms).toBe(60_000)
    const unset = file('hops:\n  length_ms:\n')
    expect(() => loadConfig(schema, { file: unset, env: {} })).toThrow('hops.length_ms is null')
  })

  it.each([
    ['a list at the top', '- a\n', 'must hold sections'],
    ['broken YAML', 'a: [1,\n', 'is not valid YAML'],
    ['a name twice', 'hops: {}\nhops: {}\n', 'DUPLICATE_KEY'],
    ['a section that is a number', 'hops: 5\n', 'hops is 5'],
  ])('refuses %s', (_what, yaml, message) => {
    const path = file(yaml)
    expect(() => loadConfig(schema, { file: path, env: {} })).toThrow(message)
  })

  it('names a file that cannot be read', () => {
    expect(() => loadConfig(schema, { file: join(folder, 'absent'), env: {} })).toThrow(/absent \(ENOENT\)/)
  })
})

describe('the environment', () => {
  it('reads each type from text', () => {
    const config = loadConfig(schema, {
      env: {
        KAFKA_BROKERS: 'a:1, b:2',
        SCHEMA_REGISTRY_URL: 'http://registry:8081',
        HYDRAWATCH_TOPICS_PARTITIONS: '12',
        HYDRAWATCH_HOPS_LENGTH_MS: '1_000',
        HYDRAWATCH_DETECTORS_COVERAGE_SWEEP_ENABLED: 'false',
        HYDRAWATCH_DETECTORS_COVERAGE_SWEEP_MODELS: '{ small: 1 }',
      },
    })
    expect(config.kafka.brokers).toEqual(['a:1', 'b:2'])
    expect(config.kafka.registry_url).toBe('http://registry:8081')
    expect(config.topics.partitions).toBe(12)
    expect(config.hops.length_ms).toBe(1_000)
    expect(config.detectors['coverage-sweep']).toEqual({ enabled: false, models: { small: 1 } })
  })

  it('prefers our own name to the conventional one', () => {
    const env = { KAFKA_BROKERS: 'a:1', HYDRAWATCH_KAFKA_BROKERS: 'b:2' }
    expect(loadConfig(schema, { env }).kafka.brokers).toEqual(['b:2'])
  })

  it('takes an empty variable for unset', () => {
    expect(loadConfig(schema, { env: { HYDRAWATCH_TOPICS_PARTITIONS: '', KAFKA_BROKERS: '' } }).topics.partitions).toBe(
      4,
    )
  })

  it('refuses a schema in which one variable would set two settings', () => {
    const clash = z.strictObject({ a: z.strictObject({ b_c: z.string() }), a_b: z.strictObject({ c: z.string() }) })
    expect(() => loadConfig(clash, { env: {} })).toThrow('HYDRAWATCH_A_B_C would set both a.b_c and a_b.c')
  })
})

describe('secrets', () => {
  const key = 'correct horse battery staple'

  it('come from a file, in every layer, without the line break at its end', () => {
    const secretFile = file(`${key}\n`)
    const yaml = file(`edge: { content_secret_file: ${secretFile} }\n`)
    expect(loadConfig(schema, { file: yaml, env: {} }).edge.content_secret).toBe(key)
    const env = { HYDRAWATCH_EDGE_CONTENT_SECRET_FILE: secretFile }
    expect(loadConfig(schema, { env }).edge.content_secret).toBe(key)
    expect(
      loadConfig(schema, { env, flags: { edge: { content_secret: 'sixteen characters' } } }).edge.content_secret,
    ).toBe('sixteen characters')
  })

  it('are found next to the configuration file when their path is relative', () => {
    writeFileSync(join(folder, 'content.key'), key)
    const yaml = file('edge: { content_secret_file: content.key }\n')
    expect(loadConfig(schema, { file: yaml, env: {} }).edge.content_secret).toBe(key)
  })

  it('are refused when given twice', () => {
    const yaml = file(`edge: { content_secret: ${key}, content_secret_file: x }\n`)
    expect(() => loadConfig(schema, { file: yaml, env: {} })).toThrow('keep one')
    const env = { HYDRAWATCH_EDGE_CONTENT_SECRET: key, HYDRAWATCH_EDGE_CONTENT_SECRET_FILE: 'x' }
    expect(() => loadConfig(schema, { env })).toThrow('keep one')
  })

  it('appear in no message and no print', () => {
    const short = 'too short'
    const messages = problems(() => loadConfig(schema, { env: { HYDRAWATCH_EDGE_CONTENT_SECRET: short } }))
    expect(messages).toEqual([
      'edge.content_secret is (secret) (HYDRAWATCH_EDGE_CONTENT_SECRET); expected at least 16 characters',
    ])
    const broken = file(`edge:\n  content_secret: "${key}\n  b: [\n`)
    const yamlMessages = problems(() => loadConfig(schema, { file: broken, env: {} }))
    expect(yamlMessages).toHaveLength(1)
    expect(yamlMessages.join()).not.toContain('horse')

    const config = loadConfig(schema, { env: { HYDRAWATCH_EDGE_CONTENT_SECRET: key } })
    const shown = describeConfig(schema, config)
    expect(JSON.stringify(shown)).not.toContain('horse')
    expect(shown.edge).toEqual({
      content_epoch: 0,
      content_secret: '(secret)',
      infrastructure_secret: '(secret: published default)',
    })
  })

  it('inside an address are refused, and masked in saying so', () => {
    const messages = problems(() =>
      loadConfig(schema, { env: { SCHEMA_REGISTRY_URL: 'https://user:hunter2@registry:8081/x' } }),
    )
    expect(messages).toEqual([expect.stringContaining('kafka.registry_url is "https://***@registry:8081/x"')])
    expect(messages.join()).not.toContain('hunter2')
  })

  it('have a published default, so that a first run needs no key', () => {
    expect(loadConfig(schema, { env: {} }).edge.content_secret).toBe(DEVELOPMENT_CONTENT_SECRET)
  })
})

describe('configHash', () => {
  it('is 16 hex digits that do not depend on the order of members', () => {
    expect(configHash({ a: 1, b: { c: [1, 2], d: 'x' } })).toBe(configHash({ b: { d: 'x', c: [1, 2] }, a: 1 }))
    expect(configHash({ a: 1 })).toMatch(/^[0-9a-f]{16}$/)
  })

  it('stays what it was in earlier versions', () => {
    // printf '{"a":1,"b":[true,null]}' | sha256sum | cut -c1-16
    expect(configHash({ b: [true, null], a: 1 })).toBe('1cc69c7fa23616ca')
  })

  it('changes with any value', () => {
    expect(configHash({ a: [1, 2] })).not.toBe(configHash({ a: [2, 1] }))
  })
})
