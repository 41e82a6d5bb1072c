export interface ProcessControl {
  /** undefined while it does not run. */
  pid(): number | undefined
  /** kill -9. Resolves when the process is gone; rejects with E_NOT_RUNNING. */
  kill(): Promise<void>
  /** SIGSTOP: connections stay open and nothing answers. Throws E_NOT_RUNNING. */
  pause(): void
  /** SIGCONT. Throws E_NOT_RUNNING. */
  resume(): void
  /** SIGTERM: a broker hands its partitions over and leaves. Resolves when the process is gone; does nothing when none runs. */
  stop(): Promise<void>
  /** On the same folder and port. Resolves when it is a live broker again, or answers; does nothing when it runs. */
  start(): Promise<void>
  /** stop, then start. */
  restart(): Promise<void>
}
/** The methods of ProcessControl, for the broker of an id. */
export type BrokerControl = {
  readonly [Method in keyof ProcessControl]: (id: number) => ReturnType<ProcessControl[Method]>
} & {
  readonly brokers: readonly { readonly id: number; readonly port: number }[]
  /** null when `start.mjs` was not asked for a registry. */
  readonly registry: ProcessControl | null
  /** Resumes and starts until every broker and the registry run. */
  restore(): Promise<void>
}
export function openBrokerControl(file?: string): BrokerControl | null
