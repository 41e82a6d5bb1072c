import type { Alert } from '../../../schemas/types.ts'
import type { StageRuntime } from '../../kafka/stage-runtime.ts'
import type { Output } from '../output.ts'
import type { DemoResult } from './session.ts'

/** One line about an alert as it comes. */
export function alertSummary(alert: Alert): string {
  const time = new Date(alert.event_time_ms).toISOString().slice(11, 16)
  const who = `${alert.accounts.length} accused, ${alert.related_accounts.length} linked`
  const objectives = alert.objectives.join('+') || 'no objective'
  return `${time}  ${alert.severity.padEnd(6)} ${alert.status.padEnd(8)} ${alert.subject.kind} ${alert.subject.id}: ${who}; ${objectives}; ${alert.recommended_action}`
}

/** What each stage did: hops, records in and out, its own counters. */
export function reportStages(out: Output, runtimes: readonly StageRuntime[]): void {
  const rows = [...runtimes].reverse().map((runtime) => {
    const { tasks, processor } = runtime.counters()
    const sum = (of: (task: (typeof tasks)[number]) => number) => tasks.reduce((total, task) => total + of(task), 0)
    const written = tasks.flatMap((task) => [...task.written.values()])
    return {
      stage: runtime.status().stage,
      tasks: tasks.length,
      hops: sum(({ hops }) => hops),
      records_in: sum(({ records_in }) => records_in),
      records_out: written.reduce((total, { records }) => total + records, 0),
      bytes_out: written.reduce((total, { bytes }) => total + bytes, 0),
      dead_letters: sum(({ dead_letters }) => dead_letters),
      counters: processor,
    }
  })
  out.rows(
    [
      { title: 'stage', value: ({ stage }) => stage },
      { title: 'tasks', value: ({ tasks }) => tasks },
      { title: 'hops', value: ({ hops }) => hops },
      { title: 'records in', value: ({ records_in }) => records_in },
      { title: 'records out', value: ({ records_out }) => records_out },
      { title: 'bytes out', value: ({ bytes_out }) => bytes_out },
      { title: 'dead letters', value: ({ dead_letters }) => dead_letters },
    ],
    rows,
  )
}

/** Found, missed and falsely accused, and how fast. */
export function reportResult(out: Output, { events, seconds, verdicts, delay }: DemoResult): void {
  const rows = verdicts.map((verdict) => ({ ...verdict, result: resultOf(verdict) }))
  out.rows(
    [
      { title: 'truth', value: ({ truth }) => truth },
      { title: 'accounts', value: ({ accounts }) => accounts },
      { title: 'accused', value: ({ accused }) => accused },
      { title: 'ever accused', value: ({ ever_accused }) => ever_accused },
      { title: 'linked only', value: ({ linked }) => linked },
      { title: 'result', value: ({ result }) => result },
    ],
    rows,
  )
  const speed = {
    events,
    seconds: Math.round(seconds * 10) / 10,
    events_per_second: Math.round(events / seconds),
    hops: delay.hops(),
    cut_to_alert_p50_ms: delay.quantile_ms(0.5),
    cut_to_alert_p99_ms: delay.quantile_ms(0.99),
  }
  out.record(
    speed,
    `${speed.events} events in ${speed.seconds} s, ${speed.events_per_second} events/s; from hop cut to alert over ${speed.hops} hops: p50 ${speed.cut_to_alert_p50_ms} ms, p99 ${speed.cut_to_alert_p99_ms} ms`,
  )
}

function resultOf({ truth, accounts, accused, ever_accused, linked }: DemoResult['verdicts'][number]): string {
  if (truth === 'ordinary') return ever_accused === 0 ? 'nobody falsely accused' : `${ever_accused} FALSELY ACCUSED`
  if (accused === 0) return linked === 0 ? 'MISSED' : `MISSED: seen, ${linked} linked, nobody accused`
  return accused === accounts ? 'found, all of it' : `found, ${accounts - accused} accounts missed`
}
