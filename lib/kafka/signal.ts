/**
 * Wakes one waiting loop. What is notified while nobody waits is remembered, so that a loop which looks at its
 * conditions and then waits can't miss a change in between.
 */
export class Signal {
  private isSet = false
  private wake: (() => void) | null = null

  notify(): void {
    this.isSet = true
    this.wake?.()
  }

  /** Resolves at the next notification, at once if there was one since the last wait. */
  async wait(): Promise<void> {
    if (!this.isSet) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    this.isSet = false
    this.wake = null
  }
}
