import type { Request } from '../../../schemas/types.ts'
import { SlotCount } from './slot-count.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000

/** Distinct values beyond this are not told apart; no threshold is near it. */
const DISTINCT_MAX = 64

/** What one account used lately, in slots of the clock. */
export class UsageDay {
  private readonly dayTokens = new SlotCount(DAY_MS)
  private readonly hourTokens = new SlotCount(HOUR_MS)
  private readonly networks = new Set<number>()
  private readonly clients = new Set<number>()
  private day = Number.NEGATIVE_INFINITY
  private hour = Number.NEGATIVE_INFINITY
  private streak_hours = 0

  /** Tokens are input and output together. */
  add({ end_time_ms, usage, client }: Request): UsageFigures {
    const day = Math.floor(end_time_ms / DAY_MS)
    if (day > this.day) {
      this.networks.clear()
      this.clients.clear()
      this.day = day
    }
    note(this.networks, client.network_hash)
    note(this.clients, client.tuple_hash)
    const hour = Math.floor(end_time_ms / HOUR_MS)
    if (hour > this.hour) {
      this.streak_hours = hour === this.hour + 1 ? this.streak_hours + 1 : 1
      this.hour = hour
    }
    const tokens = usage.input_tokens + usage.output_tokens
    return {
      day_tokens: this.dayTokens.add(end_time_ms, tokens),
      hour_tokens: this.hourTokens.add(end_time_ms, tokens),
      networks: this.networks.size,
      clients: this.clients.size,
      streak_hours: this.streak_hours,
    }
  }
}

export interface UsageFigures {
  readonly day_tokens: number
  readonly hour_tokens: number
  /** Distinct ones of the day. */
  readonly networks: number
  readonly clients: number
  /** Hours in a row in each of which a request ended. */
  readonly streak_hours: number
}

function note(values: Set<number>, value: number | null): void {
  if (value !== null && values.size < DISTINCT_MAX) values.add(value)
}
