import { hopsIn } from '../../lib/stream/hop.ts'

const MINUTE_MS = 60_000
const FIVE_MS = 5 * MINUTE_MS
const LONG_MS = 60 * MINUTE_MS
const LONGEST_MS = 240 * MINUTE_MS
const DAY_MS = 1_440 * MINUTE_MS

export const TIERS = ['hop', 'five', 'long', 'longest'] as const
export type Tier = (typeof TIERS)[number]
export const NEXT: Record<Tier, Tier | null> = { hop: 'five', five: 'long', long: 'longest', longest: null }

/** How long the panes of each tier are, and how many of them are kept. */
export interface PaneLadder {
  readonly hops: Readonly<Record<Tier, number>>
  /** Panes of a tier in one of the next; of the longest, in a day. */
  readonly kept: Readonly<Record<Tier, number>>
}

/**
 * Panes of a hop, five minutes, an hour and four hours, each a whole number of those before it. The times hold for every
 * hop length that divides five minutes; with others they are rounded, and no pane is shorter than a hop.
 */
export function paneLadder(hop_ms: number): PaneLadder {
  const hop = hopsIn(FIVE_MS, hop_ms)
  const five = hopsIn(LONG_MS, hop * hop_ms)
  const long = hopsIn(LONGEST_MS, hop * five * hop_ms)
  const longest = hopsIn(DAY_MS, hop * five * long * hop_ms)
  return {
    hops: { hop: 1, five: hop, long: hop * five, longest: hop * five * long },
    kept: { hop, five, long, longest },
  }
}
