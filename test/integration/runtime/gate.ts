/** Holds back whoever comes by, from the moment it is shut until it is opened. */
export class TestGate {
  private shutting: Promise<void> | null = null
  private release: () => void = () => undefined
  /** How many have been held back. */
  waiting = 0

  shut(): void {
    this.shutting = new Promise((resolve) => {
      this.release = resolve
    })
  }

  open(): void {
    this.shutting = null
    this.release()
  }

  async pass(): Promise<void> {
    if (this.shutting === null) return
    this.waiting += 1
    await this.shutting
  }
}
