import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../../../lib/cli/run-cli.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { settingFields } from '../../../lib/ops/setting-fields.ts'
import { capturedIo } from './captured-io.ts'

const secret = 'correct horse battery staple'

async function print(argv: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const io = capturedIo(env)
  expect(await runCli(['config', ...argv], io)).toBe(0)
  return io.out()
}

it('prints the settings in force as YAML, secrets masked', async () => {
  const text = await print([], { KAFKA_BROKERS: 'a:1', HYDRAWATCH_EDGE_CONTENT_SECRET: secret })
  expect(parse(text)).toMatchObject({ kafka: { brokers: ['a:1'] }, edge: { content_secret: '(secret)' } })
  expect(text).not.toContain('horse')
})

it('prints the same as one line of JSON with --json', async () => {
  const text = await print(['--json', '--set', 'hops.length_ms=1000'])
  expect(JSON.parse(text)).toMatchObject({ hops: { length_ms: 1000 } })
  expect(text.trimEnd()).not.toContain('\n')
})

it('prints a row for every setting with --markdown, whatever the configuration', async () => {
  const text = await print(['--markdown'], { HYDRAWATCH_LOG_LEVEL: 'nonsense' })
  expect(text.trimEnd().split('\n')).toHaveLength(settingFields(settingsSchema).length + 2)
  expect(text).toContain('| `hops.length_ms` | integer from 100 to 86400000 | `60000` | `HYDRAWATCH_HOPS_LENGTH_MS` |')
})
