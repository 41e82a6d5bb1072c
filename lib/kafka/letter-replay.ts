import type { DeadLetter } from '../../schemas/types.ts'
import type { LetterFilter } from '../letters/letter-filter.ts'
import { planReplay, type ReplayOptions, type ReplayPlan } from '../letters/replay-plan.ts'
import { ReplayedPlaces } from '../letters/replayed-places.ts'
import { ReplayOvertaken } from './errors.ts'
import { acceptLateHeader } from './headers.ts'
import { LETTERS_TOPIC, type LettersSource, type PlacedLetter, readLetters } from './letter-reader.ts'
import type { EncodedRecord } from './publisher.ts'
import { groupIdOf } from './stage-group.ts'
import { isFenced, TaskProducer } from './task-producer.ts'

export interface LetterReplayOptions extends LettersSource, Omit<ReplayOptions, 'codec' | 'replayed'> {
  readonly filter: LetterFilter
  /** Offsets of single letters; null: all that the filter means. */
  readonly offsets: ReadonlySet<number> | null
  /** Write nothing. */
  readonly isDryRun: boolean
}

/** What became of one letter. */
export interface LetterOutcome extends PlacedLetter {
  readonly plan: ReplayPlan
}

// One transaction: a few megabytes, and thirty seconds are plenty for it.
const LETTERS_PER_TRANSACTION_MAX = 500
const BYTES_PER_TRANSACTION_MAX = 4 << 20

/**
 * Writes records of letters back to the topic and partition they came from, and says of each letter what was done. A
 * record and its mark on the dead letters are written in one transaction, whose id fences off another replay that runs
 * at the same time: a record is written back once, wherever a replay ends. Rejects with BrokerUnavailable or
 * ReplayOvertaken.
 */
export async function* replayLetters(options: LetterReplayOptions): AsyncGenerator<LetterOutcome[]> {
  const { kafka, codec, prefix, filter, offsets, isDryRun } = options
  await codec.prepareTopics([LETTERS_TOPIC])
  const groupId = groupIdOf(LETTERS_TOPIC, prefix)
  const producer = isDryRun
    ? null
    : await kafka.reach('starting a replay of dead letters', () => TaskProducer.open(kafka, groupId, 0))
  try {
    const from = offsets === null ? null : Math.min(...offsets)
    // Others are fenced off by now, so these marks are all there are.
    const replayed = new ReplayedPlaces()
    for await (const piece of readLetters(options, { since_ms: filter.since_ms }, from)) {
      for (const { letter } of piece) if (letter.replayed) replayed.add(letter)
    }
    for await (const piece of readLetters(options, filter, from)) {
      const letters = piece.filter(({ letter, offset }) => !letter.replayed && (offsets?.has(offset) ?? true))
      for (const some of chunks(letters)) {
        await codec.prepareRecords(some.map(({ letter }) => letter.payload))
        const outcomes = some.map((placed): LetterOutcome => {
          const plan = planReplay(placed.letter, { ...options, replayed })
          if (plan.action === 'replay') replayed.add(placed.letter)
          return { ...placed, plan }
        })
        if (producer) await write(producer, outcomes, options)
        yield outcomes
      }
    }
  } finally {
    await producer?.close()
  }
}

async function write(
  producer: TaskProducer,
  outcomes: readonly LetterOutcome[],
  { kafka, codec, prefix }: LettersSource,
): Promise<void> {
  const records = outcomes.flatMap(({ letter, plan }) =>
    plan.action === 'replay' ? [recordOf(letter, plan, prefix), markOf(letter, { codec, prefix })] : [],
  )
  const last = outcomes.at(-1)
  if (records.length === 0 || !last) return
  const partitions = [{ partition: last.partition, offset: String(last.offset + 1) }]
  try {
    await producer.commit(records, { topics: [{ topic: prefix + LETTERS_TOPIC, partitions }] })
  } catch (error) {
    if (isFenced(error)) throw new ReplayOvertaken(error)
    await kafka.reach('replaying dead letters', () => Promise.reject(error))
  }
}

function recordOf(
  { headers }: DeadLetter,
  { topic, partition, key, payload, acceptLate }: Extract<ReplayPlan, { action: 'replay' }>,
  prefix: string,
): EncodedRecord {
  const kept = Object.fromEntries(headers.map(({ name, value }) => [name, value]))
  const all = acceptLate ? { ...kept, ...acceptLateHeader() } : kept
  return { topic: prefix + topic, partition, key, value: payload, headers: all }
}

// Letters have a topic of one partition.
const LETTERS_PARTITION = 0

function markOf(letter: DeadLetter, { codec, prefix }: Pick<LettersSource, 'codec' | 'prefix'>): EncodedRecord {
  const value = codec.encode(LETTERS_TOPIC, { ...letter, payload: null, replayed: true })
  return { topic: prefix + LETTERS_TOPIC, partition: LETTERS_PARTITION, key: letter.source, value }
}

function* chunks(letters: readonly PlacedLetter[]): Generator<PlacedLetter[]> {
  let chunk: PlacedLetter[] = []
  let size_bytes = 0
  for (const placed of letters) {
    const letter_bytes = placed.letter.payload?.length ?? 0
    if (chunk.length >= LETTERS_PER_TRANSACTION_MAX || size_bytes + letter_bytes > BYTES_PER_TRANSACTION_MAX) {
      yield chunk
      chunk = []
      size_bytes = 0
    }
    chunk.push(placed)
    size_bytes += letter_bytes
  }
  if (chunk.length > 0) yield chunk
}
