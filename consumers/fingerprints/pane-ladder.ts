import { hopsInMinutes } from '../../lib/stream/hop.ts'

const MINUTES = { five: 5, long: 60, longest: 240, day: 1_440 } as const

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
  const hop = hopsInMinutes(MINUTES.five, hop_ms)
  const five = hopsInMinutes(MINUTES.long, hop * hop_ms)
  const long = hopsInMinutes(MINUTES.longest, hop * five * hop_ms)
  const longest = hopsInMinutes(MINUTES.day, hop * five * long * hop_ms)
  return {
    hops: { hop: 1, five: hop, long: hop * five, longest: hop * five * long },
    kept: { hop, five, long, longest },
  }
}
