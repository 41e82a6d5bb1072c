import { expect, test } from 'vitest'
import { HopGate } from '../../../lib/stream/hop-gate.ts'
import type { InputRecord } from '../../../lib/stream/record.ts'
import { SourceAssembler } from '../../../lib/stream/source-assembler.ts'

const HOP_MS = 1_000
const AHEAD_HOPS = 3

function record(
  partition: number,
  offset: number,
  end_time_ms: number | null,
  watermark_ms: number | null,
): InputRecord {
  const value = end_time_ms === null ? null : ({ end_time_ms } as InputRecord['value'])
  return {
    topic: 'requests',
    partition,
    offset,
    value,
    hop: null,
    watermark_ms,
    rejection: null,
    raw: null,
    packed: null,
  }
}

function sources(gate: HopGate): SourceAssembler[] {
  return [0, 1].map(
    (partition) =>
      new SourceAssembler([{ input: { topic: 'requests', role: 'source', partitions: 'own' }, partition }], {
        hop_ms: HOP_MS,
        bound_ms: 0,
        late_max_ms: 0,
        future_max_ms: 0,
        limit: (first) => gate.limit(first),
      }),
  )
}

/** Takes what can be taken, in turns, until nothing moves. Returns the last hop of each source. */
function drain(gate: HopGate, tasks: readonly SourceAssembler[], requests: number[]): (number | null)[] {
  const closed: (number | null)[] = tasks.map(() => null)
  for (let moved = true; moved; ) {
    moved = false
    for (const [partition, task] of tasks.entries()) {
      const taken = task.take()
      if (!taken) continue
      closed[partition] = taken.input.hop
      requests[partition] = (requests[partition] ?? 0) + (taken.input.records.requests?.length ?? 0)
      gate.announce(partition, taken.input.hop)
      moved = true
    }
  }
  return closed
}

test.each([
  ['begins', 50_500],
  ['is empty', null],
])('a source that %s far behind the first hop of another holds up neither', (_, first_ms) => {
  const gate = new HopGate(2, AHEAD_HOPS)
  const tasks = sources(gate)
  for (let hop = 0; hop < 60; hop++) tasks[0]!.offer(record(0, hop, hop * HOP_MS + 1, null))
  tasks[0]!.offer(record(0, 60, null, 60 * HOP_MS))
  const requests: number[] = []
  // The other partition has nothing to say yet; the first runs as far as the gate lets it.
  expect(drain(gate, tasks, requests)).toEqual([AHEAD_HOPS - 1, null])
  if (first_ms !== null) tasks[1]!.offer(record(1, 0, first_ms, null))
  tasks[1]!.offer(record(1, 1, null, 60 * HOP_MS))
  expect(drain(gate, tasks, requests)).toEqual([59, 59])
  expect(requests).toEqual([60, first_ms === null ? 0 : 1])
})
