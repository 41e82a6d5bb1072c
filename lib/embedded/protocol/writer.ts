const INITIAL_BYTES = 512

/**
 * Writes the primitive types of the Kafka protocol. Record batches are attached as they are stored, by reference, so
 * that a fetch costs no copy; everything else goes to a growing buffer between them.
 */
export class Writer {
  #chunks: Buffer[] = []
  #flushed_bytes = 0
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES)
  #at = 0

  int8(value: number): this {
    this.#reserve(1)
    this.#at = this.#buffer.writeInt8(value, this.#at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  int16(value: number): this {
    this.#reserve(2)
    this.#at = this.#buffer.writeInt16BE(value, this.#at)
    return this
  }

  int32(value: number): this {
    this.#reserve(4)
    this.#at = this.#buffer.writeInt32BE(value, this.#at)
    return this
  }

  int64(value: number): this {
    this.#reserve(8)
    this.#at = this.#buffer.writeBigInt64BE(BigInt(value), this.#at)
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const size = Buffer.byteLength(value)
    this.int16(size)
    this.#reserve(size)
    this.#at += this.#buffer.write(value, this.#at)
    return this
  }

  bytes(value: Buffer): this {
    this.int32(value.length)
    this.#reserve(value.length)
    this.#at += value.copy(this.#buffer, this.#at)
    return this
  }

  array<T>(items: readonly T[], element: (item: T) => unknown): this {
    this.int32(items.length)
    for (const item of items) element(item)
    return this
  }

  nullArray(): this {
    return this.int32(-1)
  }

  /** A byte field made of stored buffers, which must not change afterwards. */
  records(buffers: readonly Buffer[], size_bytes: number): this {
    this.int32(size_bytes)
    this.#flush()
    this.#chunks.push(...buffers)
    this.#flushed_bytes += size_bytes
    return this
  }

  /** The finished response with its size and correlation id in front, as buffers to write in this order. */
  frame(correlationId: number): Buffer[] {
    this.#flush()
    const head = Buffer.allocUnsafe(8)
    head.writeInt32BE(this.#flushed_bytes + 4, 0)
    head.writeInt32BE(correlationId, 4)
    return [head, ...this.#chunks]
  }

  #flush(): void {
    if (this.#at === 0) return
    this.#chunks.push(this.#buffer.subarray(0, this.#at))
    this.#flushed_bytes += this.#at
    this.#buffer = Buffer.allocUnsafe(INITIAL_BYTES)
    this.#at = 0
  }

  #reserve(size: number): void {
    if (this.#at + size <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + size))
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }
}
