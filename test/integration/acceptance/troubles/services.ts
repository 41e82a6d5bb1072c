import { expect } from 'vitest'
import { type Codec, createCodec } from '../../../../lib/avro/codec.ts'
import { FRAME_BYTES, frame } from '../../../../lib/avro/wire-format.ts'
import { RegistryUnavailable } from '../../../../lib/kafka/errors.ts'
import { openRegistry } from '../../../../lib/kafka/schemas.ts'
import { TOPIC_NAMES } from '../../../../schemas/topics.ts'
import type { ServiceControl } from '../../../helpers/service-control.ts'
import { waitFor } from '../../../helpers/wait-for.ts'
import { registerVariant } from '../schema-variants.ts'
import { alone, type Turn } from '../turns.ts'

// What happens to brokers and registries, met by the whole pipeline.

/** The broker of the turn; null, and a failure unless it is somebody else's, where it can not be taken away. */
export function brokerOf({ deployment: { broker } }: Turn): ServiceControl | null {
  if (broker.brokerControl === null) expect(broker.kind, 'this broker is not ours to stop').toBe('external')
  return broker.brokerControl
}

export function registryOf({ deployment: { broker } }: Turn): ServiceControl | null {
  if (broker.registryControl === null) expect(broker.registryKind, 'this registry is not ours to stop').toBe('external')
  return broker.registryControl
}

/** Takes a service away; it is back afterwards, whatever comes of it. */
export async function whileAway(control: ServiceControl | null, during: () => Promise<void>): Promise<void> {
  await control?.stop()
  try {
    await during()
  } finally {
    await control?.start()
  }
}

export async function brokerRestart(turn: Turn): Promise<void> {
  const member = await turn.start()
  await alone(member)
  await turn.produce(3)
  const control = brokerOf(turn)
  await control?.stop()
  await control?.start()
  await turn.produce(5)
}

export async function brokerAway(turn: Turn): Promise<void> {
  const member = await turn.start()
  await alone(member)
  await turn.produce(3)
  const control = brokerOf(turn)
  await control?.stop()
  // Longer than kafkajs tries by itself.
  if (control) await waitFor('every stage to wait', () => member.runtimes.every((r) => r.status().isAway), 60_000)
  await control?.start()
  await turn.produce(5)
}

export async function registryAway(turn: Turn): Promise<void> {
  const control = registryOf(turn)
  const variant = await variantCodec(turn)
  const codec = await knowingCodec(turn)
  const member = await turn.start({ codec: () => codec })
  await alone(member)
  await whileAway(control, async () => {
    await turn.produce(3)
    await turn.caughtUp()
    await turn.write(turn.take(5), { codec: variant })
    if (control) {
      await expect(member.closed).rejects.toThrow(RegistryUnavailable)
      await expect(turn.start({ codec: () => freshCodec(turn) })).rejects.toThrow(RegistryUnavailable)
    }
  })
  await member.stop()
  await turn.start({ codec: () => freshCodec(turn) })
}

/** One that writes requests as another version of us would. */
export async function variantCodec({ deployment: { broker, cluster, prefix } }: Turn): Promise<Codec> {
  const place = { registryUrl: broker.registryUrl, prefix }
  const id = await registerVariant(place, 'requests', { doc: 'as another version of us would write it' })
  return {
    ...cluster.codec,
    encode(topic, value) {
      const bytes = cluster.codec.encode(topic, value)
      return topic === 'requests' ? frame(id, bytes.subarray(FRAME_BYTES)) : bytes
    },
  }
}

/** As a process has it that has read something of each topic. */
export async function knowingCodec({ deployment: { broker, prefix } }: Turn, retries_max = 3): Promise<Codec> {
  const registry = openRegistry({ url: broker.registryUrl, clientId: 'test', retries_max, prefix })
  const codec = createCodec(registry)
  const ids: number[] = []
  for (const topic of TOPIC_NAMES) ids.push(await registry.idOf(topic))
  await codec.prepareTopics(TOPIC_NAMES)
  await codec.prepareRecords(ids.map((id) => frame(id, Buffer.alloc(0))))
  return codec
}

/** As a process has it that was just started. It asks twice, which takes a second, and not for ten. */
export function freshCodec({ deployment: { broker, prefix } }: Turn, retries_max = 1): Codec {
  return createCodec(openRegistry({ url: broker.registryUrl, clientId: 'test', retries_max, prefix }))
}
