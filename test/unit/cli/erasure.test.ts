import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { remainders } from '../../../lib/cli/erasure.ts'
import { TOPIC_NAMES, topicDefinition } from '../../../schemas/topics.ts'

it('names every topic that erasing can not clean, with its days, as the operations page does', () => {
  const kept = TOPIC_NAMES.filter((name) => topicDefinition(name).cleanup === 'delete')
  expect(remainders('p.').map(({ topic }) => topic)).toEqual(kept.map((name) => `p.${name}`))
  const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf('## Erasing an account'), page.indexOf('## Settings of the broker'))
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \| (\d+) \|/gm)].map(([, topic, days]) => ({
    topic,
    kept_days: Number(days),
  }))
  expect(rows).toEqual(remainders(''))
})
