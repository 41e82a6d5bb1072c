import type { DeadLetter } from '../../schemas/types.ts'
import { HydrawatchError } from '../ops/errors.ts'

// A number in a set takes some 40 bytes: 40 MB.
const PLACES_MAX = 1_000_000

/** More records were written back within the retention of the dead letters than one look can remember. */
export class TooManyReplayed extends HydrawatchError {
  readonly code = 'E_TOO_MANY_REPLAYED'

  constructor() {
    super(
      `more than ${PLACES_MAX} records have been written back; narrow the letters down with --since to those after the last replays`,
    )
  }
}

/**
 * Records that were written back, by the place they were rejected from. By place and not by letter: a record on a topic
 * that several stages read has a letter from each, and is written back once.
 */
export class ReplayedPlaces {
  private readonly offsets = new Map<string, Set<number>>()
  private count = 0

  /** @throws TooManyReplayed */
  add({ source, partition, offset }: DeadLetter): void {
    if (offset === null) return
    const place = `${source}/${partition}`
    const known = this.offsets.get(place) ?? new Set()
    this.offsets.set(place, known)
    if (known.has(offset)) return
    if (this.count >= PLACES_MAX) throw new TooManyReplayed()
    known.add(offset)
    this.count += 1
  }

  has({ source, partition, offset }: DeadLetter): boolean {
    return offset !== null && (this.offsets.get(`${source}/${partition}`)?.has(offset) ?? false)
  }
}
