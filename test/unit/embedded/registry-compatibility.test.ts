import { describe, expect, test } from 'vitest'
import { parseSchema } from '../../../lib/embedded/registry/avro-schema.ts'
import { type CompatibilityLevel, isCompatible, parseLevel } from '../../../lib/embedded/registry/compatibility.ts'
import { SubjectStore } from '../../../lib/embedded/registry/subjects.ts'

const record = (...fields: object[]) => ({ type: 'record', name: 'Event', fields })
const ID = { name: 'id', type: 'string' }
const COUNT = { name: 'count', type: 'long' }
const COUNT_WITH_DEFAULT = { ...COUNT, default: 0 }

/** Which of backward (new reads old) and forward (old reads new) hold, by the change from `old` to `next`. */
const CHANGES: [change: string, old: unknown, next: unknown, isBackward: boolean, isForward: boolean][] = [
  ['nothing', record(ID), record(ID), true, true],
  ['a field with default is added', record(ID), record(ID, COUNT_WITH_DEFAULT), true, true],
  ['a field without default is added', record(ID), record(ID, COUNT), false, true],
  ['a field with default is removed', record(ID, COUNT_WITH_DEFAULT), record(ID), true, true],
  ['a field without default is removed', record(ID, COUNT), record(ID), true, false],
  ['int becomes long', 'int', 'long', true, false],
  ['string becomes int', 'string', 'int', false, false],
  ['a value becomes nullable', 'string', ['null', 'string'], true, false],
  ['a union loses a branch', ['null', 'string', 'int'], ['null', 'string'], false, true],
  [
    'an enum gains a symbol',
    { type: 'enum', name: 'E', symbols: ['A'] },
    { type: 'enum', name: 'E', symbols: ['A', 'B'] },
    true,
    false,
  ],
  [
    'an enum with default gains a symbol',
    { type: 'enum', name: 'E', symbols: ['A'], default: 'A' },
    { type: 'enum', name: 'E', symbols: ['A', 'B'], default: 'A' },
    true,
    true,
  ],
  ['a record is renamed', record(ID), { ...record(ID), name: 'Other' }, false, false],
  ['a record is renamed with an alias', record(ID), { ...record(ID), name: 'Other', aliases: ['Event'] }, true, false],
]

const parse = (schema: unknown) => parseSchema(JSON.stringify(schema)).type

describe('compatibility when', () => {
  test.each(CHANGES)('%s', (_change, old, next, isBackward, isForward) => {
    const allowed = (level: CompatibilityLevel) => isCompatible(level, parse(next), [parse(old)])
    expect(allowed('NONE')).toBe(true)
    expect([allowed('BACKWARD'), allowed('BACKWARD_TRANSITIVE')]).toEqual([isBackward, isBackward])
    expect([allowed('FORWARD'), allowed('FORWARD_TRANSITIVE')]).toEqual([isForward, isForward])
    expect([allowed('FULL'), allowed('FULL_TRANSITIVE')]).toEqual([isBackward && isForward, isBackward && isForward])
  })
})

describe('transitivity', () => {
  test('decides whether versions before the latest count', () => {
    const v1 = parse(record(ID))
    const v2 = parse(record(ID, COUNT_WITH_DEFAULT))
    const v3 = parse(record(ID, COUNT))
    expect(isCompatible('BACKWARD', v3, [v1, v2])).toBe(true)
    expect(isCompatible('BACKWARD_TRANSITIVE', v3, [v1, v2])).toBe(false)
  })
})

describe('the subjects', () => {
  test('number schemas from 1, once for the whole registry, whatever their white space and attribute order', () => {
    const store = new SubjectStore()
    expect(store.register('a', JSON.stringify(record(ID)))).toBe(1)
    expect(store.register('b', JSON.stringify({ fields: [ID], name: 'Event', type: 'record' }, null, 2))).toBe(1)
    expect(store.register('b', JSON.stringify(record(ID, COUNT_WITH_DEFAULT)))).toBe(2)
    expect(store.register('b', JSON.stringify(record(ID)))).toBe(1)
    expect(store.versions('b')).toEqual([1, 2])
  })

  test('change nothing when a schema is refused', () => {
    const store = new SubjectStore()
    store.register('a', JSON.stringify(record(ID)))
    expect(() => store.register('a', JSON.stringify(record(ID, COUNT)))).toThrow(/incompatible/)
    expect(() => store.register('c', '"wat"')).toThrow(/invalid schema/)
    expect(store.versions('a')).toEqual([1])
    expect(store.subjects()).toEqual(['a'])
    store.setLevel('a', 'NONE')
    expect(store.register('a', JSON.stringify(record(ID, COUNT)))).toBe(2)
  })

  test.each(['backward', 'FULL_TRANSITIVE'])('take the level %s', (level) => {
    expect(parseLevel(level)).toBe(level.toUpperCase())
  })
})
