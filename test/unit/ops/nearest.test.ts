import { expect, it } from 'vitest'
import { nearestName } from '../../../lib/ops/nearest.ts'

const known = ['hops', 'hops.length_ms', 'hops.late_max_ms', 'kafka.brokers']

it.each([
  ['hops.lenght_ms', 'hops.length_ms'],
  ['length_ms', 'hops.length_ms'],
  ['kafka.broker', 'kafka.brokers'],
  ['hop', 'hops'],
  ['entirely.different', undefined],
])('takes %s for %s', (wanted, found) => {
  expect(nearestName(wanted, known)).toBe(found)
})
