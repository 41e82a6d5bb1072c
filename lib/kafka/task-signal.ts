import { Signal } from './signal.ts'

/** Thrown inside a task to leave whatever it is doing. */
export class Revoked extends Error {}

/**
 * What a task's one loop waits on. Whatever moves something for it notifies; the loop then looks at its conditions again,
 * and leaves when the task has been revoked or a listener has failed.
 */
export class TaskSignal {
  private readonly signal = new Signal()
  readonly isRevoked: () => boolean
  private error: unknown = null

  constructor(isRevoked: () => boolean) {
    this.isRevoked = isRevoked
  }

  notify(): void {
    this.signal.notify()
  }

  wait(): Promise<void> {
    return this.signal.wait()
  }

  /** Waits until a condition holds; it is looked at whenever something has moved. Throws as `check` does. */
  async until(holds: () => boolean): Promise<void> {
    for (;;) {
      this.check()
      if (holds()) return
      await this.wait()
    }
  }

  /** Waits until a condition holds or the task is revoked, and throws for neither. */
  async untilOrRevoked(holds: () => boolean): Promise<void> {
    while (!holds() && !this.isRevoked()) await this.wait()
  }

  /** Throws Revoked, or what a listener has thrown. */
  check(): void {
    if (this.error !== null) throw this.error
    if (this.isRevoked()) throw new Revoked()
  }

  /** Listeners run inside kafkajs; what they throw belongs to the task's loop. */
  guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.error ??= error
      this.notify()
    }
  }
}
