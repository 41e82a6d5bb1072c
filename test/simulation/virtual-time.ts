import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import type { Random } from '../../producers/sample/random.ts'

/** Who runs: a process, the broker or the schedule itself. Whatever is set going while it runs belongs to it. */
export interface Owner {
  readonly name: string
  /** A paused owner's steps wait for it; a dead owner's never happen. */
  state: 'up' | 'paused' | 'dead'
}

interface Step {
  at_ms: number
  readonly order: number
  readonly owner: Owner
  readonly action: () => void
  isCancelled: boolean
}

// A turn of the event loop, in which promises get their turn too, may take this long in a process that has other things to do.
const TURN_MAX_MS = 2
// kafkajs looks every 100 ms, on each connection, whether a request has timed out after 30 s. Looking every two seconds
// is as good, and leaves ten times fewer steps.
const INTERVAL_MIN_MS = 2_000
const DELAY_MIN_MS = 0.01

/**
 * The time of a schedule, which passes only from step to step. While it is installed, every timer, clock and source of
 * randomness of this thread is the schedule's, so that a seed decides everything; code that no owner runs keeps the real
 * ones. One step belongs to one owner, and all promises settle before the next begins: that is how timers find theirs.
 */
export class VirtualTime {
  now_ms: number
  steps = 0
  private readonly random: Random
  private readonly heap: Step[] = []
  private readonly held = new Map<Owner, Step[]>()
  private order = 0
  private current: Owner | null = null
  private uninstall: (() => void) | null = null

  constructor(start_ms: number, random: Random) {
    this.now_ms = start_ms
    this.random = random
  }

  /** Runs `action` as `owner`, `delay_ms` from now. Returns the way to cancel it. */
  schedule(owner: Owner, delay_ms: number, action: () => void): () => void {
    const at_ms = this.now_ms + Math.max(DELAY_MIN_MS, delay_ms)
    const step: Step = { at_ms, order: this.order++, owner, action, isCancelled: false }
    push(this.heap, step)
    return () => {
      step.isCancelled = true
    }
  }

  resume(owner: Owner): void {
    owner.state = 'up'
    const held = this.held.get(owner) ?? []
    this.held.delete(owner)
    for (const step of held) {
      step.at_ms = this.now_ms + DELAY_MIN_MS
      push(this.heap, step)
    }
  }

  /** Does the next step; false when there is none. */
  async step(): Promise<boolean> {
    for (;;) {
      const step = pop(this.heap)
      if (!step) return false
      const { owner } = step
      if (step.isCancelled || owner.state === 'dead') continue
      if (owner.state === 'paused') {
        const held = this.held.get(owner)
        if (held) held.push(step)
        else this.held.set(owner, [step])
        continue
      }
      this.now_ms = Math.max(this.now_ms, step.at_ms)
      this.steps += 1
      this.current = owner
      try {
        step.action()
        await settled()
      } finally {
        this.current = null
      }
      return true
    }
  }

  /** Takes over the timers, clocks and random sources of this thread until `restore`. */
  install(): void {
    const patches: (() => void)[] = []
    const replace = <Target extends object, Name extends keyof Target>(
      target: Target,
      name: Name,
      make: (real: Target[Name]) => Target[Name],
    ): void => {
      const own = Object.getOwnPropertyDescriptor(target, name)
      const real = target[name]
      Object.defineProperty(target, name, { value: make(real), configurable: true, writable: true, enumerable: true })
      patches.push(() => {
        if (own) Object.defineProperty(target, name, own)
        else delete target[name]
      })
    }
    const mine =
      <Args extends unknown[], Result>(real: (...args: Args) => Result, ours: (...args: Args) => Result) =>
      (...args: Args): Result =>
        this.current ? ours(...args) : real(...args)

    const timers: Timers = globalThis
    replace(timers, 'setTimeout', (real) =>
      mine(real, (callback, delay_ms = 0, ...args) => this.timer(delay_ms, () => callback(...args))),
    )
    replace(timers, 'setImmediate', (real) =>
      mine(real, (callback, ...args) => this.timer(this.turn_ms(), () => callback(...args))),
    )
    replace(timers, 'setInterval', (real) =>
      mine(real, (callback, delay_ms = 0, ...args) => this.interval(delay_ms, () => callback(...args))),
    )
    for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate'] as const) {
      replace(timers, name, (real) => (handle) => (handle instanceof Timer ? handle.cancel() : real(handle)))
    }
    const promised: PromisedTimers = timersPromises
    replace(promised, 'setTimeout', (real) =>
      mine(real, (delay_ms = 0, value, options) => this.promise(delay_ms, value, options?.signal)),
    )
    replace(promised, 'setImmediate', (real) =>
      mine(real, (value, options) => this.promise(this.turn_ms(), value, options?.signal)),
    )
    replace(Date, 'now', (real) => mine(real.bind(Date), () => Math.floor(this.now_ms)))
    replace(performance, 'now', (real) => mine(real.bind(performance), () => this.now_ms))
    replace(Math, 'random', (real) => mine(real, () => this.random.unit()))
    replace(crypto, 'randomUUID', (real) =>
      mine(real, () => `0-0-0-0-${this.random.int(2 ** 32).toString(16)}` as const),
    )
    syncBuiltinESMExports()
    this.uninstall = () => {
      for (const patch of patches.reverse()) patch()
      syncBuiltinESMExports()
    }
  }

  restore(): void {
    this.uninstall?.()
    this.uninstall = null
  }

  private turn_ms(): number {
    return this.random.unit() * TURN_MAX_MS
  }

  private timer(delay_ms: number, action: () => void): Timer {
    return new Timer(this.schedule(this.owner(), delay_ms, action))
  }

  private interval(delay_ms: number, action: () => void): Timer {
    const owner = this.owner()
    const period_ms = Math.max(INTERVAL_MIN_MS, delay_ms)
    const again = (): void => {
      timer.cancel = this.schedule(owner, period_ms, again)
      action()
    }
    const timer = new Timer(this.schedule(owner, period_ms, again))
    return timer
  }

  private promise<Value>(delay_ms: number, value: Value, signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      const cancel = this.schedule(this.owner(), delay_ms, () => resolve(value))
      signal?.addEventListener('abort', () => {
        cancel()
        reject(signal.reason)
      })
    })
  }

  private owner(): Owner {
    if (!this.current) throw new RangeError('a timer was set by nobody')
    return this.current
  }
}

/** What the code under test does with what `setTimeout` returns. */
class Timer {
  cancel: () => void

  constructor(cancel: () => void) {
    this.cancel = cancel
  }

  unref(): this {
    return this
  }

  ref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }
}

type Callback = (...args: unknown[]) => void

interface Timers {
  setTimeout(callback: Callback, delay_ms?: number, ...args: unknown[]): unknown
  setInterval(callback: Callback, delay_ms?: number, ...args: unknown[]): unknown
  setImmediate(callback: Callback, ...args: unknown[]): unknown
  clearTimeout(handle: unknown): void
  clearInterval(handle: unknown): void
  clearImmediate(handle: unknown): void
}

interface PromisedTimers {
  setTimeout<Value>(delay_ms?: number, value?: Value, options?: { signal?: AbortSignal }): Promise<Value | undefined>
  setImmediate<Value>(value?: Value, options?: { signal?: AbortSignal }): Promise<Value | undefined>
}

const realSetImmediate = setImmediate

/** Resolves when no promise is left that could go on by itself: nothing here waits for real input or output. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    realSetImmediate(resolve)
  })
}

function isBefore(a: Step, b: Step): boolean {
  return a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.order < b.order)
}

/** A binary heap in an array, the earliest step first. */
function push(heap: Step[], step: Step): void {
  heap.push(step)
  let at = heap.length - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(step, heap[parent]!)) break
    heap[at] = heap[parent]!
    at = parent
  }
  heap[at] = step
}

function pop(heap: Step[]): Step | undefined {
  const first = heap[0]
  const last = heap.pop()
  if (!first || !last || first === last) return first
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1
    if (!isBefore(heap[child]!, last)) break
    heap[at] = heap[child]!
    at = child
  }
  heap[at] = last
  return first
}
