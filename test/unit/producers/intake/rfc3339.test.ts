import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRfc3339 } from '../../../../producers/intake/rfc3339.ts'

test('every time that Date writes is read back to the millisecond', () => {
  const dates = fc.date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z') })
  fc.assert(
    fc.property(
      dates.filter((date) => !Number.isNaN(date.getTime())),
      (date) => {
        expect(parseRfc3339(date.toISOString())).toBe(date.getTime())
      },
    ),
  )
})

test.each([
  ['2025-11-03T10:00:00Z', '2025-11-03T10:00:00.000Z'],
  ['2025-11-03t10:00:00.5z', '2025-11-03T10:00:00.500Z'],
  ['2025-11-03T10:00:00.123999Z', '2025-11-03T10:00:00.123Z'],
  ['2025-11-03T10:00:00+02:00', '2025-11-03T08:00:00.000Z'],
  ['2025-11-03T10:00:00.25-05:30', '2025-11-03T15:30:00.250Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
])('%s is %s', (value, expected) => {
  expect(new Date(parseRfc3339(value)!).toISOString()).toBe(expected)
})

test.each([
  '',
  '2025-11-03',
  '2025-11-03T10:00:00',
  '2025-02-29T00:00:00Z',
  '2025-13-01T00:00:00Z',
  '2025-11-03T24:00:00Z',
  '2025-11-03T10:60:00Z',
  '2025-11-03T10:00:00.Z',
  '2025-11-03T10:00:00.1x3Z',
  '2025-11-03T10:00:00+24:00',
  '2025-11-03T10:00:00Z ',
  '1762164000000000000000',
])('%j is no RFC 3339 time', (value) => {
  expect(parseRfc3339(value)).toBeNull()
})
