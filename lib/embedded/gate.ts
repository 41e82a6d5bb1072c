/** Holds back whoever passes while it is shut. */
export class Gate {
  #opened: Promise<void> | null = null
  #open: () => void = () => undefined

  shut(): void {
    this.#opened ??= new Promise((resolve) => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#opened = null
    this.#open()
  }

  /** Resolves when the gate is open. */
  async pass(): Promise<void> {
    while (this.#opened !== null) await this.#opened
  }
}
