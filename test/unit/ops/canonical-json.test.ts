import fc from 'fast-check'
import { expect, it } from 'vitest'
import { canonicalJson } from '../../../lib/ops/canonical-json.ts'
import { InvariantViolated } from '../../../lib/ops/errors.ts'

it('sorts keys at every depth and leaves out what is undefined', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: undefined, B: 'ü"' })).toBe('{"B":"ü\\"","b":[{"c":null,"d":1}]}')
})

it('reads back as the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [1n], [new Map()], [new Date(0)], [() => 1]])(
  'refuses %s, which JSON would drop or change',
  (value) => {
    expect(() => canonicalJson({ deep: [value] })).toThrow(InvariantViolated)
    expect(() => canonicalJson({ deep: [value] })).toThrow('$.deep[0]')
  },
)
