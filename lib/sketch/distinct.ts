const PRECISION = 10
const REGISTERS = 1 << PRECISION
// Below this many values the exact list is smaller than the registers would be and has no error.
const SPARSE_MAX = 128
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)
const SPARSE = 0
const DENSE = 1

/**
 * Counts distinct values: exactly up to 128, then by HyperLogLog with 1,024 registers (Flajolet et al. 2007, standard
 * error 1.04/√1024 = 3.3 %, linear counting at the low end). Mergeable: the union of two sketches is the sketch of the union.
 */
export class Distinct {
  private sparse: number[] = []
  private registers: Uint8Array | null = null

  /** Adds a value; any number, 32 bits of its mixed hash are used. */
  add(value: number): void {
    this.addHash(mix(value))
  }

  merge(other: Distinct): void {
    if (other.registers) {
      const registers = this.densify()
      for (let i = 0; i < REGISTERS; i++) registers[i] = Math.max(registers[i]!, other.registers[i]!)
    } else if (!this.registers && this.sparse.length === 0) this.sparse = other.sparse.slice()
    else for (const hash of other.sparse) this.addHash(hash)
  }

  /** Merges what `encode` gave, as it stands in `bytes` from `begin` on. */
  mergeEncoded(bytes: Buffer, begin: number, size: number): void {
    if (size === 0) return
    const end = begin + size
    if (bytes[begin] === DENSE) this.merge(Distinct.decode(bytes.subarray(begin, end)))
    else if (this.registers || this.sparse.length > 0) {
      for (let at = begin + 1; at < end; at += 4) this.addHash(bytes.readUInt32BE(at))
    } else for (let at = begin + 1; at < end; at += 4) this.sparse.push(bytes.readUInt32BE(at))
  }

  /** Number of distinct values, rounded. */
  count(): number {
    if (!this.registers) return this.sparse.length
    let sum = 0
    let zeros = 0
    for (const register of this.registers) {
      sum += 2 ** -register
      if (register === 0) zeros++
    }
    const estimate = (ALPHA * REGISTERS * REGISTERS) / sum
    const small = estimate <= 2.5 * REGISTERS && zeros > 0
    return Math.round(small ? REGISTERS * Math.log(REGISTERS / zeros) : estimate)
  }

  /** Empty: no bytes. Otherwise a kind byte, then sorted big-endian 32-bit hashes or the registers. */
  encode(): Buffer {
    const bytes = Buffer.allocUnsafe(this.encoded_bytes())
    this.encodeInto(bytes, 0)
    return bytes
  }

  /** Size of what `encode` gives, bytes. */
  encoded_bytes(): number {
    if (this.registers) return 1 + REGISTERS
    return this.sparse.length === 0 ? 0 : 1 + 4 * this.sparse.length
  }

  /** Writes what `encode` gives to `bytes` from `begin` on. */
  encodeInto(bytes: Buffer, begin: number): void {
    if (this.registers) {
      bytes[begin] = DENSE
      bytes.set(this.registers, begin + 1)
    } else if (this.sparse.length > 0) {
      bytes[begin] = SPARSE
      let at = begin + 1
      for (const hash of this.sparse) at = bytes.writeUInt32BE(hash, at)
    }
  }

  /** Forgets all values. */
  clear(): void {
    if (this.registers) this.registers = null
    if (this.sparse.length > 0) this.sparse = []
  }

  /** Reads what `encode` wrote. */
  static decode(bytes: Buffer): Distinct {
    const distinct = new Distinct()
    if (bytes[0] === DENSE) distinct.registers = Uint8Array.from(bytes.subarray(1))
    else distinct.mergeEncoded(bytes, 0, bytes.length)
    return distinct
  }

  private addHash(hash: number): void {
    if (this.registers) {
      setRegister(this.registers, hash)
      return
    }
    let low = 0
    let high = this.sparse.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.sparse[middle]! < hash) low = middle + 1
      else high = middle
    }
    if (this.sparse[low] === hash) return
    if (this.sparse.length >= SPARSE_MAX) setRegister(this.densify(), hash)
    else this.sparse.splice(low, 0, hash)
  }

  private densify(): Uint8Array {
    if (this.registers) return this.registers
    const registers = new Uint8Array(REGISTERS)
    for (const hash of this.sparse) setRegister(registers, hash)
    this.registers = registers
    this.sparse = []
    return registers
  }
}

function setRegister(registers: Uint8Array, hash: number): void {
  const index = hash >>> (32 - PRECISION)
  const rank = Math.clz32((hash << PRECISION) | (1 << (PRECISION - 1))) + 1
  if (rank > registers[index]!) registers[index] = rank
}

/** Finaliser of MurmurHash3 over the two halves of a number of up to 53 bits. */
function mix(value: number): number {
  let hash = (value >>> 0) ^ Math.imul(Math.floor(value / 0x1_0000_0000) | 0, 0x9e3779b1)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
