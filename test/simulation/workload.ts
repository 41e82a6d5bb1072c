import { createRandom } from '../../producers/sample/random.ts'
import type { Request } from '../../schemas/types.ts'
import { HOP_MS, requestAt } from '../integration/runtime/toy.ts'

/** Requests to publish, in order, in portions; what follows from them depends on nothing but these and the partitions. */
export interface Workload {
  readonly partitions: number
  readonly portions: readonly (readonly Request[])[]
  readonly firstHop: number
  readonly lastHop: number
}

const FIRST_HOP = 1_000
const ACCOUNTS = 9
const DISORDER_MS = 300
const VARIANTS = 3
const PARTITIONS_MAX = 4

/** Every workload there is: few, so that their undisturbed runs are known. */
export const WORKLOADS: readonly Workload[] = Array.from({ length: VARIANTS * PARTITIONS_MAX }, (_, index) =>
  workload(1 + (index % PARTITIONS_MAX), Math.floor(index / PARTITIONS_MAX)),
)

/** Neighbours are out of order, within the bound, and some hops bring nothing. */
function workload(partitions: number, variant: number): Workload {
  const random = createRandom(`workload/${partitions}/${variant}`)
  const hops = 6 + 2 * variant
  const portions = Array.from({ length: hops }, (_, index) => {
    const count = random.chance(0.15) ? 0 : 5 + random.int(25)
    const start_ms = (FIRST_HOP + index) * HOP_MS
    const times = Array.from({ length: count }, () => start_ms + random.int(HOP_MS)).sort((a, b) => a - b)
    return times
      .map((end_time_ms, i) => ({ end_time_ms, order: end_time_ms + random.int(DISORDER_MS), i }))
      .sort((a, b) => a.order - b.order || a.i - b.i)
      .map(({ end_time_ms, i }) =>
        requestAt(`account-${'x'.repeat(i % PARTITIONS_MAX)}${random.int(ACCOUNTS)}`, end_time_ms, `${index}-${i}`),
      )
  })
  return { partitions, portions, firstHop: FIRST_HOP, lastHop: FIRST_HOP + hops - 1 }
}
