// Castagnoli polynomial, reflected. Node's zlib.crc32 is the other CRC-32, which record batches do not use.
const POLYNOMIAL = 0x82f63b78
const SLICES = 8

/** Slicing-by-8: table k holds the CRC of a byte followed by k zero bytes, so eight bytes need eight look-ups. */
const tables: Uint32Array[] = Array.from({ length: SLICES }, () => new Uint32Array(256))
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
  Uint32Array,
]
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  t0[byte] = crc
}
for (let slice = 1; slice < SLICES; slice++) {
  for (let byte = 0; byte < 256; byte++) {
    const previous = tables[slice - 1]![byte]!
    tables[slice]![byte] = (previous >>> 8) ^ t0[previous & 0xff]!
  }
}

/**
 * CRC-32C of `bytes` from `start` to the end, as an unsigned 32-bit number; with the checksum of the bytes before in
 * `previous`, that of both together. Source: RFC 3720, appendix B.4.
 */
export function crc32c(bytes: Uint8Array, start = 0, previous = 0): number {
  let crc = previous ^ 0xffffffff
  let at = start
  const wholeEnd = bytes.length - ((bytes.length - start) % SLICES)
  for (; at < wholeEnd; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    crc =
      t7[crc & 0xff]! ^
      t6[(crc >>> 8) & 0xff]! ^
      t5[(crc >>> 16) & 0xff]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!
  return (crc ^ 0xffffffff) >>> 0
}
