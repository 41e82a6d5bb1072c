import type { EventRate } from '../metrics/event-rate.ts'
import type { Proportion } from '../metrics/proportion.ts'

/** A rate of 0 always stands beside what it bounds. */
export function share({ hits, trials, rate: value, low, high, bound }: Proportion): string {
  if (value === null) return 'none to judge'
  const certainty = bound === null ? `[${percent(low)}, ${percent(high)}]` : `below ${percent(bound)}`
  return `${hits} of ${trials}, ${percent(value)} ${certainty}`
}

/** The same of a rate of events. */
export function rate({ events, rate: value, low, high, bound }: EventRate): string {
  if (value === null) return 'none to judge'
  const certainty = bound === null ? `[${number(low)}, ${number(high)}]` : `below ${number(bound)}`
  return `${events}: ${number(value)} ${certainty}`
}

export function percent(value: number | null): string {
  return value === null ? '-' : `${number(value * 100)}%`
}

/** Three digits. */
export function number(value: number | null): string {
  return value === null ? '-' : String(Number(value.toPrecision(3)))
}
