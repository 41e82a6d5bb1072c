import { after } from './timer.ts'
import type { TopicStore } from './topics.ts'

/**
 * Cleans the logs again and again, a partition at a time, so that clients are answered in between; one that holds hundreds of
 * megabytes keeps the broker busy for as long as everything else takes. Returns what stops it.
 */
export function startLogCleaner(topics: TopicStore, clock: () => number, interval_ms: number): () => void {
  let timer = after(interval_ms, begin)

  function begin(): void {
    const partitions = topics.cleaning(clock(), false)
    const step = () => {
      if (partitions.next().done) timer = after(interval_ms, begin)
      else timer = after(0, step)
    }
    step()
  }

  return () => clearTimeout(timer)
}
