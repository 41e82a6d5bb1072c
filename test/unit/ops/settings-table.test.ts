import { expect, it } from 'vitest'
import { z } from 'zod'
import { operationalSettings } from '../../../lib/ops/settings.ts'
import { settingsMarkdown, settingsTable } from '../../../lib/ops/settings-table.ts'

const schema = z.strictObject(operationalSettings)

it('describes every operational setting and gives it a default', () => {
  const rows = settingsTable(schema)
  expect(rows.length).toBeGreaterThan(15)
  expect(rows.filter((row) => row.description === '' || row.default === 'required')).toEqual([])
})

it('has path, type, default, variables and meaning of a setting', () => {
  expect(settingsTable(schema).find((row) => row.path === 'kafka.brokers')).toEqual({
    path: 'kafka.brokers',
    type: 'list of string',
    default: '[]',
    env: 'HYDRAWATCH_KAFKA_BROKERS, KAFKA_BROKERS',
    description: expect.stringContaining('embedded broker'),
  })
})

it('says that a setting without a default is required, and how a secret is given', () => {
  const own = z.strictObject({ a: z.number().min(2).describe('x | y'), key: z.string().meta({ secret: true }) })
  expect(settingsTable(own)).toEqual([
    { path: 'a', type: 'number of at least 2', default: 'required', env: 'HYDRAWATCH_A', description: 'x | y' },
    {
      path: 'key',
      type: 'string, secret',
      default: 'required',
      env: 'HYDRAWATCH_KEY, HYDRAWATCH_KEY_FILE',
      description: '',
    },
  ])
  expect(settingsMarkdown(own).split('\n')[2]).toBe(
    '| `a` | number of at least 2 | `required` | `HYDRAWATCH_A` | x \\| y |',
  )
})
