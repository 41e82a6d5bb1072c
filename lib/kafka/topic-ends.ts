import { setTimeout } from 'node:timers/promises'
import type { Admin } from 'kafkajs'
import type { TopicEnds } from './partition-ends.ts'
import { protocolErrorOf } from './protocol-error.ts'

// A new topic, or one whose leader moves: the answer comes within a second or two, and kafkajs does not wait for it.
const LEADER_MOVES = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'])
const RETRY_MS = 100
const RETRIES_MAX = 100

/** Repeats a call for as long as a topic is too new for the broker that is asked, or its leader moves, up to 10 s. */
export async function whileLeadersMove<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt >= RETRIES_MAX || !LEADER_MOVES.has(protocolErrorOf(error) ?? '')) throw error
      await setTimeout(RETRY_MS)
    }
  }
}

/**
 * Where the partitions of a topic begin and end, by the name on the broker. kafkajs asks read-committed, so `high` is the
 * last stable offset: what a reader of ours can reach.
 */
export async function fetchTopicEnds(admin: Admin, topic: string): Promise<TopicEnds> {
  const offsets = await whileLeadersMove(() => admin.fetchTopicOffsets(topic))
  return new Map(offsets.map(({ partition, low, high }) => [partition, { low: Number(low), high: Number(high) }]))
}
