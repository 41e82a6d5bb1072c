import { ERASED_PER_RECORD_MAX } from '../../lib/stream/erasure.ts'
import { slices } from '../../lib/stream/slices.ts'
import type { SightedAccount, SightingBatch } from '../../schemas/types.ts'
import type { Seen, Use } from './sightings.ts'

// About 120 bytes each where every one is of another account: 240 kB, well below the megabyte that a broker takes.
const USES_PER_RECORD_MAX = 2_000

/** What a task has to say in one hop. */
export interface Sighted {
  readonly hop: number
  readonly end_ms: number
  /** In order of accounts. */
  readonly seen: readonly Seen[]
  readonly active_accounts: number
  readonly erased_accounts: readonly string[]
}

/** The records for one partition of the objects, an empty one included; more than one only where it would be too large. */
export function sightingBatches(sighted: Sighted, partition: number, partitions: number): SightingBatch[] {
  const { hop, end_ms, seen, active_accounts, erased_accounts } = sighted
  const pieces = accountsOf(seen, end_ms, partition, partitions)
  // Who is erased is told to everybody: whoever holds an object of theirs must know.
  const erased = slices(erased_accounts, ERASED_PER_RECORD_MAX)
  return Array.from({ length: Math.max(pieces.length, erased.length) }, (_, index) => ({
    hop,
    // Said once per hop: readers add up what the tasks say.
    active_accounts: index === 0 ? active_accounts : 0,
    erased_accounts: erased[index] ?? [],
    sightings: [],
    accounts: pieces[index] ?? [],
  }))
}

/** The uses of one partition's objects, cut where they are too many; those of an account may then stand in two pieces. */
function accountsOf(seen: readonly Seen[], end_ms: number, partition: number, partitions: number): SightedAccount[][] {
  const pieces: SightedAccount[][] = [[]]
  let room = USES_PER_RECORD_MAX
  for (const { account_id, context, uses } of seen) {
    let rest = partitions === 1 ? uses : uses.filter(({ object }) => object % partitions === partition)
    while (rest.length > 0) {
      if (room === 0) {
        pieces.push([])
        room = USES_PER_RECORD_MAX
      }
      const taken = rest.slice(0, room)
      pieces.at(-1)!.push({ account_id, context, uses: taken.map((use) => usedBefore(use, end_ms)) })
      room -= taken.length
      rest = rest.slice(taken.length)
    }
  }
  return pieces
}

function usedBefore({ kind, object, n, first_ms, last_ms, cues }: Use, end_ms: number): SightedAccount['uses'][number] {
  return { kind, object, n, first_ago_ms: end_ms - first_ms, last_ago_ms: end_ms - last_ms, cues }
}
