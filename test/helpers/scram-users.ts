import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import net from 'node:net'

export interface ScramUser {
  readonly name: string
  readonly password: string
  readonly mechanism: 'scram-sha-256' | 'scram-sha-512'
}

const ALTER_USER_SCRAM_CREDENTIALS = 51
const ITERATIONS = 4_096
const MECHANISMS = {
  'scram-sha-256': { code: 1, digest: 'sha256', length: 32 },
  'scram-sha-512': { code: 2, digest: 'sha512', length: 64 },
} as const

/**
 * Gives users of a broker their SCRAM credentials, over a listener without SASL. kafkajs has no such call.
 *
 * Source: KIP-554 and https://kafka.apache.org/protocol#The_Messages_AlterUserScramCredentials, version 0
 */
export async function createScramUsers(broker: string, users: readonly ScramUser[]): Promise<void> {
  const [host, port] = broker.split(':')
  const socket = net.connect({ host, port: Number(port) })
  await once(socket, 'connect')
  const tags = Buffer.from([0])
  const body = [compact(0), compact(users.length), ...users.map((user) => Buffer.concat([upsertion(user), tags])), tags]
  const header = Buffer.alloc(8)
  header.writeInt16BE(ALTER_USER_SCRAM_CREDENTIALS, 0)
  header.writeInt32BE(1, 4)
  // No client id, no tags: request header version 2.
  const request = Buffer.concat([header, Buffer.from([0xff, 0xff]), tags, ...body])
  const size = Buffer.alloc(4)
  size.writeInt32BE(request.length)
  socket.write(Buffer.concat([size, request]))
  const response = await responseOf(socket)
  socket.destroy()
  // Size, correlation id, tags, throttle time, length of the array.
  let at = 4 + 4 + 1 + 4 + 1
  for (const _user of users) {
    const name_bytes = response.readInt8(at) - 1
    const name = response.subarray(at + 1, at + 1 + name_bytes).toString()
    at += 1 + name_bytes
    const errorCode = response.readInt16BE(at)
    if (errorCode !== 0) throw new Error(`the broker refused the credentials of ${name} with error code ${errorCode}`)
    // Error code, no message, no tags.
    at += 2 + 1 + 1
  }
}

function upsertion({ name, password, mechanism }: ScramUser): Buffer {
  const { code, digest, length } = MECHANISMS[mechanism]
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, ITERATIONS, length, digest)
  const fixed = Buffer.alloc(5)
  fixed.writeInt8(code, 0)
  fixed.writeInt32BE(ITERATIONS, 1)
  return Buffer.concat([bytes(Buffer.from(name)), fixed, bytes(salt), bytes(salted)])
}

/** Bytes of a compact type, at most 126. */
function bytes(content: Buffer): Buffer {
  return Buffer.concat([compact(content.length), content])
}

/** The length of a compact type: one more than it is. */
function compact(length: number): Buffer {
  return Buffer.from([length + 1])
}

async function responseOf(socket: net.Socket): Promise<Buffer> {
  let received = Buffer.alloc(0)
  for await (const piece of socket) {
    received = Buffer.concat([received, piece])
    if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) return received
  }
  throw new Error('the broker closed the connection instead of taking SCRAM credentials')
}
