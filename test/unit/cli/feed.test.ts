import { describe, expect, it } from 'vitest'
import { closingWatermark_ms, type FeedCounts, feed } from '../../../lib/cli/feed.ts'
import type { PublishedRecord, Publisher } from '../../../lib/kafka/publisher.ts'
import type { IntakeItem } from '../../../producers/intake/intake.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import { throughEdge } from '../../helpers/topology.ts'
import { account, outcome, request, TRAFFIC_START_MS } from '../../helpers/traffic.ts'

const MINUTE_MS = 60_000
const HOPS = { length_ms: MINUTE_MS, bound_ms: 30_000 }
const reject: IntakeItem = {
  kind: 'reject',
  source: 'events.ndjson',
  line: 7,
  reason: 'invalid_json',
  detail: 'the line is not valid JSON',
  size_bytes: 12,
  line_hash: 99,
}

function items(...events: readonly object[]): IntakeItem[] {
  return throughEdge(events).records.map((record) => ({ kind: 'record', record }))
}

/** Feeds chunks to a publisher that keeps what it is sent. */
async function fed(chunks: readonly IntakeItem[][], onChunk: (counts: FeedCounts) => void = () => undefined) {
  const sends: PublishedRecord<TopicName>[][] = []
  const publisher: Publisher = {
    publish: async (records) => void sends.push([...records]),
    closeInput: async () => undefined,
    counters: () => new Map(),
    close: async () => undefined,
  }
  async function* source() {
    yield* chunks
  }
  const counts = await feed(source(), publisher, onChunk)
  return { counts, sends, topics: sends.map((send) => send.map(({ topic }) => topic)) }
}

describe('feeding records into Kafka', () => {
  const a = (at: number) => account({ account_id: 'a', at })
  const r = (at: number) => request({ account_id: 'a', at })

  it('sends what stands before a change of topic before what stands behind it', async () => {
    const { topics } = await fed([items(a(0), r(1), r(2), a(3), r(4))])
    expect(topics).toEqual([['accounts'], ['requests', 'requests'], ['accounts'], ['requests']])
  })

  it('turns a refused line into a dead letter in its place, keyed by its source and without its text', async () => {
    const { sends, topics, counts } = await fed([[...items(r(1)), reject, ...items(r(2))]])
    expect(topics).toEqual([['requests'], ['dead-letters'], ['requests']])
    expect(sends[1]).toMatchObject([
      { key: 'events.ndjson', value: { line: 7, reason: 'invalid_json', payload: null, content_hash: 99 } },
    ])
    expect(counts).toMatchObject({ records: 2, rejects: 1 })
  })

  it('deletes the account record with an erasure, behind what told of the account before', async () => {
    const erasure = outcome({ account_id: 'a', at: 2 }, { outcome: 'erased' })
    const { sends, topics, counts } = await fed([items(a(0), r(1), erasure, r(3), outcome({ account_id: 'a', at: 4 }))])
    expect(topics).toEqual([['accounts'], ['requests'], ['outcomes'], ['accounts'], ['requests'], ['outcomes']])
    expect(sends[2]).toMatchObject([{ key: 'a', value: { outcome: 'erased' } }])
    expect(sends[3]).toEqual([{ topic: 'accounts', key: 'a', value: null }])
    expect(counts.records).toBe(5)
  })

  it('tells the largest end of a request, whatever the order and whatever else is later', async () => {
    const { counts } = await fed([items(r(5), r(1)), items(a(60))])
    expect(counts.end_time_ms).toBe(TRAFFIC_START_MS + 5 * MINUTE_MS + 800)
    expect((await fed([items(a(1)), [reject]])).counts.end_time_ms).toBeNull()
    expect(await fed([])).toMatchObject({ counts: { records: 0, rejects: 0, end_time_ms: null }, sends: [] })
  })

  it('reports after each chunk, and what the report throws ends the feeding', async () => {
    const seen: number[] = []
    const chunks = [items(r(1)), items(r(2), r(3)), items(r(4))]
    const stopped = fed(chunks, ({ records }) => {
      seen.push(records)
      if (records === 3) throw new Error('enough')
    })
    await expect(stopped).rejects.toThrow('enough')
    expect(seen).toEqual([1, 3])
  })
})

describe('the closing watermark', () => {
  it('closes the hop that holds the last end, and none behind it', () => {
    for (const end_ms of [0, 1, MINUTE_MS - 1]) {
      const watermark_ms = closingWatermark_ms(TRAFFIC_START_MS + end_ms, HOPS)
      expect(watermark_ms - HOPS.bound_ms).toBe(TRAFFIC_START_MS + MINUTE_MS)
    }
    const next_ms = closingWatermark_ms(TRAFFIC_START_MS + MINUTE_MS, HOPS)
    expect(next_ms - HOPS.bound_ms).toBe(TRAFFIC_START_MS + 2 * MINUTE_MS)
  })
})
