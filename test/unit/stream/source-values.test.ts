import { expect, test } from 'vitest'
import { REQUEST_FIELDS } from '../../../consumers/fingerprints/request-fields.ts'
import { createCodec } from '../../../lib/avro/codec.ts'
import { localSchema } from '../../../lib/avro/record-types.ts'
import { SourceValues } from '../../../lib/stream/source-values.ts'
import type { Request } from '../../../schemas/types.ts'
import { requestValue } from './records.ts'

const ID = 7

test('values that wait as bytes come back as they were, from however many chunks', async () => {
  const codec = createCodec({ schemaById: async () => localSchema('requests'), idOf: async () => ID })
  await codec.prepareTopics(['requests'])
  const values = new SourceValues<Request>()
  const filler = 'x'.repeat(300_000)
  for (let n = 0; n < 9; n++) {
    const bytes = codec.encode('requests', {
      ...requestValue(`e-${n}`, 1_000 * n),
      account_id: `a-${n % 2}`,
      org_id: filler,
    })
    await codec.prepareRecords([bytes])
    const decoded = codec.decode('requests', bytes, REQUEST_FIELDS)
    if (decoded.rejection !== null) throw new Error(decoded.rejection.detail)
    values.add(decoded.value, { packed: { bytes, read: decoded.read } })
    // The fetch that the bytes were a part of is used again.
    bytes.fill(0)
  }
  expect([...values].map(({ event_id, end_time_ms }) => [event_id, end_time_ms])).toEqual(
    Array.from({ length: 9 }, (_, n) => [`e-${n}`, 1_000 * n]),
  )
  expect(values.byAccount()).toEqual(
    new Map([
      ['a-0', [0, 2, 4, 6, 8]],
      ['a-1', [1, 3, 5, 7]],
    ]),
  )
})

test('a value has the fields that its reader asked for, and no others', async () => {
  const codec = createCodec({ schemaById: async () => localSchema('requests'), idOf: async () => ID })
  await codec.prepareTopics(['requests'])
  const bytes = codec.encode('requests', requestValue('e-1', 5))
  await codec.prepareRecords([bytes])
  const { value } = codec.decode('requests', bytes, REQUEST_FIELDS)
  expect(value).toMatchObject({ event_id: 'e-1', client: { network_hash: null, tuple_hash: null }, sketch: null })
  expect(value).not.toHaveProperty('access_path')
  expect(value?.client).not.toHaveProperty('asn')
})
