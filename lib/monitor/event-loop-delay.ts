const TICK_MS = 1_000

/** How late the event loop was at its last tick: a process that computes for long hears nothing and says nothing. */
export class EventLoopDelay {
  private readonly clock_ms: () => number
  private timer: NodeJS.Timeout | null = null
  private expected_ms = 0
  private delay_ms = 0

  /** `clock_ms` must not go back. */
  constructor(clock_ms: () => number = () => performance.now()) {
    this.clock_ms = clock_ms
  }

  start(): void {
    this.expected_ms = this.clock_ms() + TICK_MS
    this.timer = setInterval(() => this.tick(), TICK_MS)
    this.timer.unref()
  }

  /** Of the last tick, or of the one that should have come by now. */
  last_ms(): number {
    return Math.max(this.delay_ms, this.clock_ms() - this.expected_ms, 0)
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer)
  }

  private tick(): void {
    const now_ms = this.clock_ms()
    this.delay_ms = Math.max(0, now_ms - this.expected_ms)
    this.expected_ms = now_ms + TICK_MS
  }
}
