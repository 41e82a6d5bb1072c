import type { Head } from './head.ts'

/** Conversations that are remembered where they never expire: the oldest are forgotten, as their users have left. */
const CONVERSATIONS_MAX = 100_000

/**
 * Which account a conversation was given to. The time to live counts from the binding and is not renewed by use, so that a
 * long conversation moves on at that age.
 */
export function createStickySessions(ttl_ms: number) {
  const bound = new Map<string, { head: Head; until_ms: number }>()
  return {
    find(conversation: string, at_ms: number): Head | undefined {
      const entry = bound.get(conversation)
      return entry !== undefined && entry.until_ms > at_ms ? entry.head : undefined
    },
    bind(conversation: string, head: Head, at_ms: number): void {
      bound.delete(conversation)
      bound.set(conversation, { head, until_ms: at_ms + ttl_ms })
      // All live equally long, so those that end first were bound first.
      for (const [key, { until_ms }] of bound) {
        if (until_ms > at_ms && bound.size <= CONVERSATIONS_MAX) break
        bound.delete(key)
      }
    },
  }
}
