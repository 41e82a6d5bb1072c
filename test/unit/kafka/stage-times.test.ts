import { expect, test } from 'vitest'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { stageTimes } from '../../../lib/kafka/stage-times.ts'
import { UsageError } from '../../../lib/ops/errors.ts'
import { stageSettings, toyWriters } from '../../integration/runtime/settings.ts'
import { countingStage } from '../../integration/runtime/toy.ts'

test('refuses a stage whose fetches may wait for as long as its session, before anything is asked of a broker', async () => {
  const unused = (): never => {
    throw new Error('nothing is reached')
  }
  const started = startStage({
    stage: countingStage(),
    kafka: { admin: unused, consumer: unused, reach: unused } as never,
    codec: {} as never,
    settings: { ...stageSettings('', 1, { sessionTimeout_ms: 6_000 }), fetchWait_ms: 6_000 },
    writers: toyWriters(1),
    log: () => undefined,
    now: () => 0,
  })
  await expect(started).rejects.toThrow(UsageError)
  await expect(started).rejects.toThrow('fetchWait_ms is 6000 and sessionTimeout_ms is 6000')
  await expect(started).rejects.toThrow(
    'set fetchWait_ms below a third of the session, or kafka.session_timeout_ms higher',
  )
})

test('holds the defaults against what is set', () => {
  expect(() => stageTimes({ sessionTimeout_ms: 300 })).toThrow('fetchWait_ms is 300 and sessionTimeout_ms is 300')
  expect(() => stageTimes({ fetchWait_ms: 40_000 })).toThrow('fetchWait_ms is 40000 and sessionTimeout_ms is 30000')
  expect(stageTimes({ sessionTimeout_ms: 6_000, fetchWait_ms: 5_999 })).toEqual({
    sessionTimeout_ms: 6_000,
    fetchWait_ms: 5_999,
    heartbeat_ms: 1_500,
  })
})

test('sends a heartbeat every three seconds, and four of them in a short session', () => {
  expect(stageTimes({}).heartbeat_ms).toBe(3_000)
  expect(stageTimes({ sessionTimeout_ms: 6_000 }).heartbeat_ms).toBe(1_500)
})
