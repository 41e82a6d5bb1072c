import { describe, expect, it } from 'vitest'
import { EventLoopDelay } from '../../../lib/monitor/event-loop-delay.ts'
import { type HealthLook, liveness, readiness } from '../../../lib/monitor/health.ts'
import { NOW_MS, status, task } from './stages.ts'

const MINUTE_MS = 60_000

function look(given: Partial<HealthLook> = {}): HealthLook {
  return { now_ms: NOW_MS, expected: ['fingerprints'], stages: [status()], eventLoopDelay_ms: 3, ...given }
}

describe('live', () => {
  it('is a process whose stages hear the broker, and one that has started none yet', () => {
    expect(liveness(look())).toEqual({ status: 'ok', reasons: [] })
    expect(liveness(look({ stages: [] })).status).toBe('ok')
  })

  it('is one that restores', () => {
    expect(liveness(look({ stages: [status({ tasks: [task({ state: 'restoring' })] })] })).status).toBe('ok')
  })

  it('is not one with a stage that is over', () => {
    expect(liveness(look({ stages: [status({ isOver: true })] }))).toEqual({
      status: 'failed',
      reasons: ['fingerprints has stopped or failed'],
    })
  })

  it('is not one that has heard nothing for two sessions, a minute at least', () => {
    const silent = (silence_ms: number, sessionTimeout_ms: number) =>
      liveness(look({ stages: [status({ lastHeard_ms: NOW_MS - silence_ms, sessionTimeout_ms })] }))
    expect(silent(MINUTE_MS - 1, 6_000).status).toBe('ok')
    expect(silent(MINUTE_MS, 6_000)).toEqual({
      status: 'failed',
      reasons: ['fingerprints has heard nothing from the broker for 60 s'],
    })
    expect(silent(2 * MINUTE_MS - 1, MINUTE_MS).status).toBe('ok')
    expect(silent(2 * MINUTE_MS, MINUTE_MS).status).toBe('failed')
  })

  it('is one that waits for brokers that are away: a restart would not bring them back', () => {
    const away = status({ lastHeard_ms: NOW_MS - 4 * MINUTE_MS, isAway: true })
    expect(liveness(look({ stages: [away] })).status).toBe('ok')
  })

  it('is not one whose event loop was blocked', () => {
    expect(liveness(look({ eventLoopDelay_ms: 9_999 })).status).toBe('ok')
    expect(liveness(look({ eventLoopDelay_ms: 10_000 })).reasons).toEqual(['the event loop was blocked for 10 s'])
  })
})

describe('ready', () => {
  it('is a process whose stages have joined and whose tasks run, be it that others hold them all', () => {
    expect(readiness(look())).toEqual({ status: 'ok', reasons: [] })
    expect(readiness(look({ stages: [status({ tasks: [] })] })).status).toBe('ok')
  })

  it('is not one with a stage that has yet to start, join or restore', () => {
    const restore = { records: 1, bytes: 1, accounts: null, remaining: 42 }
    const stages = [
      status({ generation: 0, tasks: [] }),
      status({ stage: 'linkage', tasks: [task({ task: 3, state: 'restoring', restore }), task()] }),
      status({ stage: 'detectors', tasks: [task({ state: 'restoring', restore: { ...restore, accounts: 7 } })] }),
    ]
    expect(readiness(look({ expected: ['fingerprints', 'enforcement', 'linkage'], stages })).reasons).toEqual([
      'fingerprints has not joined its group yet',
      'enforcement has not been started yet',
      'linkage 3 is restoring, 42 offsets to go',
      'detectors 0 is restoring, 7 accounts so far, 42 offsets to go',
    ])
  })

  it('is not one that waits for brokers, nor one that is not live', () => {
    expect(readiness(look({ stages: [status({ isAway: true })] })).reasons).toEqual([
      'fingerprints waits for brokers that are away',
    ])
    expect(readiness(look({ stages: [status({ isOver: true })] })).status).toBe('failed')
  })
})

describe('the delay of the event loop', () => {
  it('is how long the tick that should have come is overdue', () => {
    let now_ms = 0
    const delay = new EventLoopDelay(() => now_ms)
    delay.start()
    now_ms = 900
    expect(delay.last_ms()).toBe(0)
    now_ms = 13_000
    expect(delay.last_ms()).toBe(12_000)
    delay.stop()
  })
})
