import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { startEmbeddedBroker } from '../../../lib/embedded/broker.ts'
import { startEmbeddedRegistry } from '../../../lib/embedded/registry.ts'
import { HydrawatchError } from '../../../lib/ops/errors.ts'

const blocker = createServer()
afterEach(() => void blocker.close())

async function takenPort(): Promise<number> {
  blocker.listen(0, '127.0.0.1')
  await once(blocker, 'listening')
  const address = blocker.address()
  return typeof address === 'object' && address ? address.port : 0
}

describe('starting', () => {
  test.each([
    ['broker', startEmbeddedBroker],
    ['registry', startEmbeddedRegistry],
  ])('the %s on a taken port names the port and what to do', async (_what, start) => {
    const port = await takenPort()
    const error = await start({ port }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(HydrawatchError)
    expect(error).toMatchObject({ code: 'E_PORT_IN_USE', port })
    expect(String(error)).toContain(`127.0.0.1:${port}`)
    expect(String(error)).toMatch(/choose another port/)
  })

  test('says what the broker and the registry are for, and frees the port on stop', async () => {
    const lines: string[] = []
    const log = (line: string) => void lines.push(line)
    const broker = await startEmbeddedBroker({ log })
    const registry = await startEmbeddedRegistry({ log })
    expect(broker.address).toBe(`${broker.host}:${broker.port}`)
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toMatch(/one machine and for tests.*Apache Kafka/)
    await Promise.all([broker.stop(), registry.stop()])
    const again = await startEmbeddedBroker({ port: broker.port })
    expect(again.port).toBe(broker.port)
    await again.stop()
  })
})
