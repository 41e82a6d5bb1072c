/**
 * A cluster id as `kafka-storage random-uuid` gives: 16 bytes, URL-safe base64, 22 characters.
 *
 * @param {(size_bytes: number) => Buffer} randomBytes
 */
export function clusterId(randomBytes) {
  const id = randomBytes(16).toString('base64url')
  // kafka-storage takes a leading dash for a flag, and Kafka itself never gives one out.
  return id.startsWith('-') ? `k${id.slice(1)}` : id
}
