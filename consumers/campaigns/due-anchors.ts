import { hopsInMinutes } from '../../lib/stream/hop.ts'
import { compareText } from '../../lib/stream/order.ts'
import { type Holdings, LARGE_HOLDERS_MIN } from './holdings.ts'
import { isAnchor } from './object-kinds.ts'

const LARGE_INTERVAL_MINUTES_MAX = 60

/**
 * Anchors to be assessed in a hop, in order: small ones at every change; large ones, a popular framework's prompt say, once
 * in as many minutes as they have five hundreds of holders, an hour at the most: one more holder among thousands changes
 * nothing, and looking costs a walk over all of them. The schedule is a function of the hop, so that a restart keeps it.
 */
export function dueAnchors(
  touched: ReadonlySet<string>,
  { large, objects }: Holdings,
  hop: number,
  hop_ms: number,
): string[] {
  const due = [...touched].filter((key) => !large.has(key))
  for (const key of large) {
    const { kind, object, holders } = objects.get(key)!
    if (!isAnchor(kind)) continue
    const minutes = Math.min(LARGE_INTERVAL_MINUTES_MAX, Math.ceil(holders.size / LARGE_HOLDERS_MIN))
    if ((hop + object) % hopsInMinutes(minutes, hop_ms) === 0) due.push(key)
  }
  return due.sort(compareText)
}
