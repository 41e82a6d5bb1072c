import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 10

/** Resolves with the first value of `probe` that is not false, null or undefined. Fails with `what` at the deadline. */
export async function waitFor<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadline_ms = 20_000,
): Promise<NonNullable<Exclude<T, false>>> {
  const end_ms = performance.now() + deadline_ms
  for (;;) {
    const value = await probe()
    if (value !== false && value !== null && value !== undefined) return value as NonNullable<Exclude<T, false>>
    if (performance.now() > end_ms) throw new Error(`waited ${deadline_ms} ms in vain for: ${what}`)
    await pause(POLL_MS)
  }
}
