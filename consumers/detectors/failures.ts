import type { Failure } from '../../lib/stream/processor.ts'
import type { Fingerprint } from '../../schemas/types.ts'

const MESSAGE_CHARS_MAX = 200
const ID_CHARS_MIN = 3
// Hashes, times, counts: a number that long says something about an account, and nothing about a mistake.
const LONG_NUMBER = /\d{4,}/g

/** Detectors that failed since they were last told: the first failure of each, and how many there were. */
export class Failures {
  private readonly byDetector = new Map<string, Failure>()

  add(detector: string, error: unknown, fingerprint: Fingerprint): void {
    const known = this.byDetector.get(detector)
    if (known) this.byDetector.set(detector, { ...known, count: known.count + 1 })
    else this.byDetector.set(detector, failureOf(detector, error, fingerprint))
  }

  drain(): Failure[] {
    const failures = [...this.byDetector.values()]
    this.byDetector.clear()
    return failures
  }
}

function failureOf(part: string, error: unknown, fingerprint: Fingerprint): Failure {
  if (!(error instanceof Error)) return { part, error: typeof error, message: '', where: null, count: 1 }
  const { name, message, stack = '' } = error
  // A file and a line of ours, without the path of the installation.
  const where = /([\w.-]+:\d+:\d+)\)?$/m.exec(stack.slice(stack.indexOf('\n    at ')))?.[1] ?? null
  return { part, error: name, message: withoutData(message, fingerprint), where, count: 1 }
}

/** The message without anything that the fingerprint says of its account. */
function withoutData(message: string, fingerprint: Fingerprint): string {
  let text = message
  for (const value of new Set(textsOf(fingerprint))) {
    if (value.length >= ID_CHARS_MIN) text = text.replaceAll(value, '…')
  }
  return text.replace(LONG_NUMBER, '#').slice(0, MESSAGE_CHARS_MAX)
}

/** Longest first, so that an id that is part of another leaves nothing of it behind. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value)
    .flatMap(textsOf)
    .sort((a, b) => b.length - a.length)
}
