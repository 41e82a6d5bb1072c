import { setTimeout } from 'node:timers/promises'
import { type Codec, createCodec } from '../../lib/avro/codec.ts'
import { localSchema } from '../../lib/avro/record-types.ts'
import { frame, schemaIdOf } from '../../lib/avro/wire-format.ts'
import { TOPIC_NAMES } from '../../schemas/topics.ts'

const REGISTRY_MAX_MS = 20

/** A registry that never fails; its ids are places in the list of topics. */
const codec = createCodec({
  idOf: async (topic) => TOPIC_NAMES.indexOf(topic) + 1,
  async schemaById(id) {
    const topic = TOPIC_NAMES[id - 1]
    return topic ? localSchema(topic) : null
  },
})

let opened: Promise<Codec> | null = null

/** A codec for whoever is not part of a schedule: it knows every schema. */
export function openCodec(): Promise<Codec> {
  opened ??= open()
  return opened
}

async function open(): Promise<Codec> {
  await codec.prepareTopics(TOPIC_NAMES)
  await codec.prepareRecords(TOPIC_NAMES.map((_, index) => frame(index + 1, Buffer.alloc(0))))
  return codec
}

/** The codec of one process, which asks its registry for what it has not seen, and waits. Needs `openCodec` before. */
export function processCodec(): Codec {
  const seen = new Set<number>()
  const ask = (): Promise<void> => setTimeout(Math.random() * REGISTRY_MAX_MS)
  const idsOf = (records: Iterable<Buffer | null>): number[] =>
    [...records].flatMap((bytes) => (bytes === null ? [] : (schemaIdOf(bytes) ?? [])))
  return {
    ...codec,
    prepareTopics: ask,
    isPrepared: (records) => idsOf(records).every((id) => seen.has(id)),
    async prepareRecords(records) {
      await ask()
      for (const id of idsOf(records)) seen.add(id)
    },
  }
}
