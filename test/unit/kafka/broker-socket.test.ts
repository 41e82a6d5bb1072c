import { once } from 'node:events'
import type net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { startEmbeddedBroker } from '../../../lib/embedded/broker.ts'
import { openBrokerSocket } from '../../../lib/kafka/broker-socket.ts'
import { createKafka } from '../../../lib/kafka/client.ts'

// Node warns at the eleventh listener of one event.
const DISCONNECTS = 12

const warnings: Error[] = []
const note = (warning: Error): void => {
  warnings.push(warning)
}
afterEach(() => {
  process.off('warning', note)
  warnings.length = 0
})

test('a client that is disconnected again and again after its broker has gone leaves no listeners behind', async () => {
  process.on('warning', note)
  const sockets: net.Socket[] = []
  const broker = await startEmbeddedBroker()
  const kafka = createKafka({
    brokers: [broker.address],
    clientId: 'test',
    retries_max: 0,
    socketFactory: (options) => {
      const socket = openBrokerSocket(options)
      sockets.push(socket)
      return socket
    },
    log: () => undefined,
  })
  const admin = kafka.admin()
  await admin.connect()
  await admin.listTopics()
  const closed = sockets.map((socket) => once(socket, 'close'))
  await broker.stop()
  await Promise.all(closed)
  for (let i = 0; i < DISCONNECTS; i++) await admin.disconnect()

  expect(sockets.length).toBeGreaterThan(0)
  expect(sockets.map((socket) => socket.listenerCount('connect'))).toEqual(sockets.map(() => 0))
  // Warnings are told in a later turn.
  await new Promise(setImmediate)
  expect(warnings.map(({ message }) => message)).toEqual([])
})
