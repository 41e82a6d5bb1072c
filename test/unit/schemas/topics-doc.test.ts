import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import { topicsTable } from '../../../schemas/topics-table.ts'
import { generatedPart } from '../../helpers/generated-part.ts'

const DOC = 'docs/topics.md'

test('the table in docs/topics.md is what topics.ts says; `npm run docs:topics` writes it', () => {
  expect(generatedPart(DOC)).toBe(topicsTable().trim())
})

test('docs/topics.md explains every topic under a heading or in a list of its kind', () => {
  const text = readFileSync(new URL(`../../../${DOC}`, import.meta.url), 'utf8')
  const prose = text.replace(generatedPart(DOC), '')
  expect(TOPIC_NAMES.filter((name) => !prose.includes(`\`${name}\``))).toEqual([])
})
