import { expect, test } from 'vitest'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { settingsMarkdown } from '../../../lib/ops/settings-table.ts'
import { generatedPart } from '../../helpers/generated-part.ts'

test('the table in docs/settings.md is what the schema says; `npm run docs:settings` writes it', () => {
  expect(generatedPart('docs/settings.md')).toBe(settingsMarkdown(settingsSchema).trim())
})
