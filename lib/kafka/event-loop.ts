import { setImmediate } from 'node:timers/promises'

/** Lets heartbeats and fetches have their turn: a member whose event loop is blocked is evicted from its group. */
export async function yieldToEventLoop(): Promise<void> {
  await setImmediate()
}
