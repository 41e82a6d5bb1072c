import { setTimeout as after } from 'node:timers/promises'
import type { KafkaClient } from '../../kafka/client.ts'
import type { StageRuntime } from '../../kafka/stage-runtime.ts'
import { fetchTopicEnds } from '../../kafka/topic-ends.ts'

const POLL_MS = 100
const DEADLINE_MS = 20_000

/**
 * What the stages of this process have still to read or to close, records and transaction markers together; waits for it to
 * come down, and gives what is left after 20 s at the worst.
 */
export async function unreadRecords(
  kafka: KafkaClient,
  runtimes: readonly StageRuntime[],
  prefix: string,
): Promise<number> {
  const admin = kafka.admin()
  const deadline_ms = performance.now() + DEADLINE_MS
  await kafka.reach('reading lag', () => admin.connect())
  try {
    for (;;) {
      const unread = await count()
      if (unread === 0 || performance.now() > deadline_ms) return unread
      await after(POLL_MS)
    }
  } finally {
    await admin.disconnect()
  }

  async function count(): Promise<number> {
    let unread = 0
    for (const runtime of runtimes) {
      for (const task of runtime.status().tasks) {
        unread += task.buffered
        for (const { topic, partition, next } of task.offsets) {
          const end = (await fetchTopicEnds(admin, prefix + topic)).get(partition)
          if (end) unread += Math.max(0, end.high - Math.max(next ?? 0, end.low))
        }
      }
    }
    return unread
  }
}
