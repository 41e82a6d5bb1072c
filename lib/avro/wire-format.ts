/**
 * Frame of a value on the wire: byte 0, the writer's schema id as int32, the Avro body (Confluent Schema Registry,
 * "Wire format").
 */
export const FRAME_BYTES = 5
const MAGIC_BYTE = 0

/** Puts an Avro body into its frame. `schemaId`: int32 from the registry. */
export function frame(schemaId: number, body: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_BYTES + body.length)
  writeFrame(framed, schemaId)
  body.copy(framed, FRAME_BYTES)
  return framed
}

/** Writes the beginning of a frame to the first bytes of a buffer; the Avro body follows it. */
export function writeFrame(to: Buffer, schemaId: number): void {
  to.writeUInt8(MAGIC_BYTE, 0)
  to.writeInt32BE(schemaId, 1)
}

/** Schema id that a frame names; null when the bytes are no frame. */
export function schemaIdOf(bytes: Buffer): number | null {
  if (bytes.length < FRAME_BYTES || bytes[0] !== MAGIC_BYTE) return null
  return bytes.readInt32BE(1)
}
