export interface BrokerControl {
  readonly brokers: readonly { readonly id: number; readonly port: number }[]
  /** undefined while it does not run. */
  pid(id: number): number | undefined
  /** kill -9. Resolves when the process is gone; rejects with E_NOT_RUNNING. */
  kill(id: number): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. Throws E_NOT_RUNNING. */
  pause(id: number): void
  /** SIGCONT. Throws E_NOT_RUNNING. */
  resume(id: number): void
  /** SIGTERM: hands its partitions over and leaves. Resolves when the process is gone; does nothing when none runs. */
  stop(id: number): Promise<void>
  /** On the same folder and port. Resolves when it is a live broker again; does nothing when it runs. */
  start(id: number): Promise<void>
  /** stop, then start. */
  restart(id: number): Promise<void>
  /** Resumes and starts until every broker runs. */
  restore(): Promise<void>
}
export function openBrokerControl(file?: string): BrokerControl | null
