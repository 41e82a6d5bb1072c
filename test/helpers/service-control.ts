/** Takes a broker or a registry away from its clients and gives it back, on the same port and with everything it had stored. */
export interface ServiceControl {
  /** Ends it: connections drop, and new ones are refused until `start()`. */
  stop(): Promise<void>
  start(): Promise<void>
  /** Lets connections come in and answers nothing until `thaw()`, as a process that was sent SIGSTOP. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

interface Service {
  readonly port: number
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

/** A service of this process; `start` begins another one on the port and the storage of the first. */
export class ControlledService<S extends Service> implements ServiceControl {
  readonly port: number
  readonly #start: (port: number) => Promise<S>
  #running: S | null

  private constructor(start: (port: number) => Promise<S>, running: S) {
    this.#start = start
    this.#running = running
    this.port = running.port
  }

  static async open<S extends Service>(start: (port: number) => Promise<S>): Promise<ControlledService<S>> {
    return new ControlledService(start, await start(0))
  }

  /** Throws when the service is stopped. */
  get running(): S {
    if (this.#running === null) throw new Error('the service is stopped; start() it first')
    return this.#running
  }

  async stop(): Promise<void> {
    const stopped = this.#running
    this.#running = null
    await stopped?.stop()
  }

  async start(): Promise<void> {
    if (this.#running !== null) throw new Error('the service is running; stop() it first')
    this.#running = await this.#start(this.port)
  }

  async freeze(): Promise<void> {
    this.running.freeze()
  }

  async thaw(): Promise<void> {
    this.running.thaw()
  }
}
