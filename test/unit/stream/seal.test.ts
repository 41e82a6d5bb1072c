import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Output } from '../../../lib/stream/processor.ts'
import { CLOSE_KEY, sealHop } from '../../../lib/stream/seal.ts'
import type { Stage } from '../../../lib/stream/stage.ts'

const PARTITIONS = 4
const stage: Stage = {
  name: 'stage',
  scope: 'partitioned',
  inputs: [],
  outputs: [
    { topic: 'fingerprints', partitions: 'own', closesHops: true },
    { topic: 'sightings', partitions: 'all', closesHops: true },
    { topic: 'alerts', partitions: 'zero', closesHops: true },
    { topic: 'decisions', partitions: 'keyed', closesHops: false },
  ],
  changelog: 'fingerprints.state',
  create: () => {
    throw new Error('not run')
  },
}

const output = fc
  .record({
    topic: fc.constantFrom('fingerprints' as const, 'sightings' as const, 'alerts' as const, 'decisions' as const),
    partition: fc.nat(PARTITIONS - 1),
    key: fc.string(),
  })
  .map(({ topic, partition, key }): Output => {
    const places = { fingerprints: 2, sightings: partition, alerts: 0, decisions: null }
    return { topic, key, partition: places[topic], value: null }
  })

describe('sealing a hop', () => {
  test('closes every partition exactly once, with its last record, and keeps the order of each', () => {
    fc.assert(
      fc.property(fc.array(output, { maxLength: 20 }), (outputs) => {
        const records = sealHop(stage, 2, 50, outputs, () => PARTITIONS)
        const places = ['fingerprints/2', 'sightings/0', 'sightings/1', 'sightings/2', 'sightings/3', 'alerts/0']
        for (const place of places) {
          const own = records.filter(({ topic, partition }) => `${topic}/${partition}` === place)
          const given = outputs.filter(({ topic, partition }) => `${topic}/${partition}` === place)
          expect(own.map(({ hop }) => hop?.last)).toEqual([...own.slice(1).map(() => false), true])
          expect(own.every(({ hop }) => hop?.hop === 50 && hop.writer === 2)).toBe(true)
          expect(own.map(({ key }) => key)).toEqual(given.length === 0 ? [CLOSE_KEY] : given.map(({ key }) => key))
        }
        const others = records.filter(({ topic }) => topic === 'decisions')
        expect(others).toHaveLength(outputs.filter(({ topic }) => topic === 'decisions').length)
        expect(others.every(({ hop }) => hop === null)).toBe(true)
        const empty = places.filter((place) => !outputs.some((o) => `${o.topic}/${o.partition}` === place))
        expect(records).toHaveLength(outputs.length + empty.length)
      }),
      { numRuns: 200 },
    )
  })
})
