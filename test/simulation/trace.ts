import { createHash } from 'node:crypto'

/** What happened in a schedule, line by line: the last lines to read, a digest of all to compare. */
export class Trace {
  readonly tail: string[] = []
  private readonly hash = createHash('sha256')
  private readonly lines_max: number
  private readonly now_ms: () => number

  constructor(now_ms: () => number, lines_max: number) {
    this.now_ms = now_ms
    this.lines_max = lines_max
  }

  note(line: string): void {
    const text = `${this.now_ms().toFixed(3)} ${line}`
    this.hash.update(`${text}\n`)
    this.tail.push(text)
    if (this.tail.length > 2 * this.lines_max) this.tail.splice(0, this.tail.length - this.lines_max)
  }

  digest(): string {
    return this.hash.digest('hex')
  }
}
