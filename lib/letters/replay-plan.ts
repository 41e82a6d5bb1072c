import { TOPICS, type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { DeadLetter } from '../../schemas/types.ts'
import type { Codec } from '../avro/codec.ts'
import { partitionCount } from '../stream/topology.ts'
import type { ReplayedPlaces } from './replayed-places.ts'

export interface ReplayOptions {
  /** Partition count of the topics that have many. */
  readonly partitions: number
  readonly codec: Pick<Codec, 'decode'>
  readonly replayed: ReplayedPlaces
  /** Also what was written back before. */
  readonly again: boolean
  /** Late records count in the hop that is open, instead of becoming late again. */
  readonly acceptLate: boolean
}

/** What is to be done about one letter. */
export type ReplayPlan =
  | {
      readonly action: 'replay'
      readonly topic: TopicName
      readonly partition: number
      readonly key: Buffer
      readonly payload: Buffer
      readonly acceptLate: boolean
    }
  | { readonly action: 'skip' | 'refuse'; readonly why: string }

const TOO_LATE = 'too_late'
const TIME_AHEAD = 'time_ahead'

/**
 * Decides whether the record of a letter can be processed as if it came now. One that would only become a letter again is
 * refused, so that no loop of letters arises. The codec must be prepared for the payload.
 */
export function planReplay(letter: DeadLetter, options: ReplayOptions): ReplayPlan {
  const { source, partition, payload, reason } = letter
  if (letter.offset === null || partition === null) {
    return refuse('an input line is not kept, for it may hold text; mend the file and produce it again')
  }
  if (!isTopic(source)) return refuse(`${source} is no topic of this version`)
  if (topicDefinition(source).writer !== 'producers') {
    return refuse(`${source} is written by a stage, hop by hop, and the hop of the record is closed`)
  }
  if (partition >= partitionCount(source, options.partitions)) {
    return refuse(`${source} has no partition ${partition} any more`)
  }
  if (payload === null) return refuse(`its bytes were not kept (${letter.size_bytes} of them)`)
  if (!options.again && options.replayed.has(letter)) return { action: 'skip', why: 'written back before' }
  const { value, rejection } = options.codec.decode(source, payload)
  if (rejection) return refuse(`still unreadable: ${rejection.detail}`)
  if (reason === TOO_LATE && !options.acceptLate) {
    return refuse('it would be too late again; --accept-late counts it in the hop that is open')
  }
  if (reason === TIME_AHEAD) return refuse('its time is that of a wrong clock; mend the producer and send it again')
  const key = letter.key ?? Buffer.from(keyOf(source, value))
  return { action: 'replay', topic: source, partition, key, payload, acceptLate: reason === TOO_LATE }
}

function refuse(why: string): ReplayPlan {
  return { action: 'refuse', why }
}

function isTopic(source: string): source is TopicName {
  return Object.hasOwn(TOPICS, source)
}

/** Key of a record of an input topic whose letter does not hold it. */
function keyOf(topic: TopicName, value: object): string {
  const { key } = topicDefinition(topic)
  return key in value ? String(value[key as keyof typeof value]) : ''
}
