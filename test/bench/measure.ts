/** What one row took. */
export interface Measured {
  readonly events: number
  readonly wall_ms: number
  /** Processor time of this process, all threads, the collector's included. Steadier than wall time on a busy machine. */
  readonly cpu_ms: number
}

/** Starts a clock; the function returned stops it. */
export function startClock(): (events: number) => Measured {
  const begin_ms = performance.now()
  const cpu = process.cpuUsage()
  return (events) => {
    const { user, system } = process.cpuUsage(cpu)
    return { events, wall_ms: performance.now() - begin_ms, cpu_ms: (user + system) / 1000 }
  }
}
