import type { DeadLetter } from '../../schemas/types.ts'
import type { Codec } from '../avro/codec.ts'
import { isMeant, type LetterFilter } from '../letters/letter-filter.ts'
import type { KafkaClient } from './client.ts'
import { scanTopic } from './reader.ts'

/** A letter, or the mark that one was replayed, and where it stands. */
export interface PlacedLetter {
  readonly letter: DeadLetter
  readonly partition: number
  readonly offset: number
  readonly timestamp_ms: number
}

export interface LettersSource {
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly prefix: string
}

export const LETTERS_TOPIC = 'dead-letters'

/**
 * Letters and marks that a filter means, in order and in pieces, up to the end of the topic as of now. `from`: offset to
 * begin at, by default where `since_ms` says. Rejects with BrokerUnavailable.
 */
export async function* readLetters(
  source: LettersSource,
  filter: LetterFilter,
  from: number | null = null,
): AsyncGenerator<PlacedLetter[]> {
  const begin = from ?? (await offsetOf(source, filter.since_ms))
  for await (const piece of scanTopic({ ...source, topic: LETTERS_TOPIC, from: () => begin })) {
    yield piece.flatMap(({ value: letter, partition, offset, timestamp_ms }) =>
      letter && isMeant(filter, letter, timestamp_ms) ? [{ letter, partition, offset, timestamp_ms }] : [],
    )
  }
}

/** The first offset that was written at a time or later; 0 for none. */
async function offsetOf({ kafka, prefix }: LettersSource, since_ms: number | undefined): Promise<number> {
  if (since_ms === undefined) return 0
  const admin = kafka.admin()
  try {
    return await kafka.reach('looking for the first dead letter', async () => {
      await admin.connect()
      const [found] = await admin.fetchTopicOffsetsByTimestamp(prefix + LETTERS_TOPIC, since_ms)
      return Number(found?.offset ?? 0)
    })
  } finally {
    await admin.disconnect()
  }
}
