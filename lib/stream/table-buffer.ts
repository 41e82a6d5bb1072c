interface BufferPosition {
  readonly resume_offset: number
  /** Records below this were here when a moment was last reached. */
  readonly end_offset: number
}

interface Pending<Value> {
  readonly time_ms: number
  readonly offset: number
  readonly value: Value
}

/**
 * Records of one partition of a table input that wait for their moment of event time. A record at or before the moment
 * already reached takes effect at the next hop: nothing is revised retroactively.
 */
export class TableBuffer<Value> {
  private pending: Pending<Value>[] = []
  private nextOffset = 0
  private reached_ms = Number.NEGATIVE_INFINITY
  private end_offset = 0

  /** Continues behind a committed position: records below `end_offset` that took effect by `reached_ms` are not taken again. */
  resume({ resume_offset, end_offset }: BufferPosition, reached_ms: number): void {
    this.nextOffset = resume_offset
    this.end_offset = end_offset
    this.reached_ms = reached_ms
  }

  offer(offset: number, time_ms: number, value: Value): void {
    this.nextOffset = offset + 1
    if (offset < this.end_offset && time_ms < this.reached_ms) return
    this.pending.push({ time_ms, offset, value })
  }

  /** Notes a position without a record, such as a tombstone. */
  skip(offset: number): void {
    this.nextOffset = offset + 1
  }

  /** Values before `until_ms` in order of event time; records of one key at the same time keep their order of arrival. */
  take(until_ms: number): Value[] {
    this.reached_ms = until_ms
    this.end_offset = Math.max(this.end_offset, this.nextOffset)
    if (this.pending.length === 0) return []
    const due = this.pending.filter((entry) => entry.time_ms < until_ms)
    if (due.length === 0) return []
    this.pending = this.pending.filter((entry) => entry.time_ms >= until_ms)
    return due.sort((a, b) => a.time_ms - b.time_ms || a.offset - b.offset).map((entry) => entry.value)
  }

  position(): BufferPosition {
    const { end_offset, nextOffset, pending } = this
    // A month of accounts may wait: too many for the arguments of one call.
    const resume_offset = pending.reduce(
      (first, { offset }) => Math.min(first, offset),
      Math.min(end_offset, nextOffset),
    )
    return { resume_offset, end_offset }
  }
}
