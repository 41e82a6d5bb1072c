import { expect, test } from 'vitest'
import { aclsTable } from '../../../lib/cli/acls-table.ts'
import { generatedPart } from '../../helpers/generated-part.ts'

test('the table in docs/operations.md is what the roles say; `npm run docs:acls` writes it', () => {
  expect(generatedPart('docs/operations.md')).toBe(aclsTable().trim())
})
