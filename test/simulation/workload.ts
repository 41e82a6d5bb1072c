import { keyPartition } from '../../lib/kafka/key-partition.ts'
import { createRandom } from '../../producers/sample/random.ts'
import type { Request } from '../../schemas/types.ts'
import { HOP_MS, requestAt } from '../integration/runtime/toy.ts'

/** Requests to publish, in order, in portions; what follows from them depends on nothing but these and the partitions. */
export interface Workload {
  readonly partitions: number
  readonly portions: readonly (readonly Request[])[]
  readonly firstHop: number
  readonly lastHop: number
  /** Sources close their last hops after so long a silence; 0: by a marker at the end of the input. */
  readonly silence_ms: number
}

/** What a workload is like. */
interface Variant {
  readonly hops: number
  /** A partition that nobody writes to, as long as there is another. */
  readonly idlePartition?: number
  readonly silence_ms: number
}

// All trouble is over within 15 s, and a producer that is replaced goes on soon after: so long a silence is one.
const SILENCE_MS = 20_000
const VARIANTS: readonly Variant[] = [
  { hops: 6, silence_ms: 0 },
  { hops: 10, silence_ms: 0 },
  { hops: 8, silence_ms: 0, idlePartition: 0 },
  { hops: 8, silence_ms: SILENCE_MS, idlePartition: 0 },
]
const FIRST_HOP = 1_000
const DISORDER_MS = 300
const PARTITIONS_MAX = 4
// The counting stage tells partitions of its output by the length of an account's name.
const ACCOUNTS = Array.from({ length: 9 * PARTITIONS_MAX }, (_, i) => `account-${'x'.repeat(i % PARTITIONS_MAX)}${i}`)

/** Every workload there is: few, so that their undisturbed runs are known. */
export const WORKLOADS: readonly Workload[] = VARIANTS.flatMap((variant, number) =>
  Array.from({ length: PARTITIONS_MAX }, (_, i) => workload(1 + i, number, variant)),
)

/** Neighbours are out of order, within the bound, and some hops bring nothing. */
function workload(partitions: number, number: number, { hops, idlePartition, silence_ms }: Variant): Workload {
  const random = createRandom(`workload/${partitions}/${number}`)
  const accounts = ACCOUNTS.filter((account) => partitions === 1 || keyPartition(account, partitions) !== idlePartition)
  const portions = Array.from({ length: hops }, (_, index) => {
    // The last hop is there to be closed.
    const count = random.chance(0.15) && index < hops - 1 ? 0 : 5 + random.int(25)
    const start_ms = (FIRST_HOP + index) * HOP_MS
    const times = Array.from({ length: count }, () => start_ms + random.int(HOP_MS)).sort((a, b) => a - b)
    return times
      .map((end_time_ms, i) => ({ end_time_ms, order: end_time_ms + random.int(DISORDER_MS), i }))
      .sort((a, b) => a.order - b.order || a.i - b.i)
      .map(({ end_time_ms, i }) => requestAt(random.pick(accounts), end_time_ms, `${index}-${i}`))
  })
  return { partitions, portions, firstHop: FIRST_HOP, lastHop: FIRST_HOP + hops - 1, silence_ms }
}
