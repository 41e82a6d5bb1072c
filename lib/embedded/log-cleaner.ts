import { after } from './timer.ts'
import type { TopicStore } from './topics.ts'

/**
 * Cleans the logs again and again, in small steps, so that clients are answered in between: hundreds of megabytes take
 * seconds. Returns what stops it.
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
