/**
 * A sum over the current slot of a fixed length of event time. Records come a little out of order: one that is late for its
 * slot counts in the slot before when that is its own, and else nowhere.
 */
export class SlotCount {
  private readonly slot_ms: number
  private slot = Number.NEGATIVE_INFINITY
  private current = 0
  private previous = 0

  constructor(slot_ms: number) {
    this.slot_ms = slot_ms
  }

  /** The sum of the slot that the record belongs to, the record included. */
  add(event_time_ms: number, amount = 1): number {
    const slot = Math.floor(event_time_ms / this.slot_ms)
    if (slot > this.slot) {
      this.previous = slot === this.slot + 1 ? this.current : 0
      this.current = 0
      this.slot = slot
    }
    if (slot === this.slot) {
      this.current += amount
      return this.current
    }
    if (slot !== this.slot - 1) return 0
    this.previous += amount
    return this.previous
  }
}
