import { createIntakeCounters } from '../../../producers/intake/intake.ts'
import { Bench, type BenchResult } from '../../evaluation/bench.ts'
import type { Label } from '../../evaluation/label.ts'
import type { Finding, Findings, Method } from '../../evaluation/method.ts'
import { AlertLedger } from '../../evaluation/pipeline/alert-ledger.ts'
import { compareText } from '../../stream/order.ts'
import type { CliContext } from '../command.ts'
import { openInput } from '../input.ts'
import type { Config } from '../settings-schema.ts'
import { alertRevision, EvaluationInputUnusable, labelLine, readRecords } from './input-lines.ts'

export interface EvaluatedFiles {
  readonly events: string
  readonly labels: string
  /** Null: the methods watch the events themselves. */
  readonly alerts: string | null
}

/**
 * Scores alerts, or methods, against labels.
 *
 * @throws EvaluationInputUnusable when the files are not about the same accounts.
 */
export async function evaluateFiles(
  context: CliContext,
  config: Config,
  { events, labels: labelsPath, alerts }: EvaluatedFiles,
  methods: readonly Method[],
  seed: number,
): Promise<BenchResult> {
  const labels = await readRecords(labelsPath, labelLine, 'label')
  const told = alerts === null ? null : await readAlerts(alerts)
  const bench = new Bench(told ? [alertsMethod(told, alerts!)] : methods, () => performance.now())
  const counters = createIntakeCounters()
  let refused = 0
  for await (const chunk of openInput(context, config, [events], { format: undefined, counters })) {
    context.signal.throwIfAborted()
    for (const item of chunk) {
      if (item.kind === 'reject') refused++
      else bench.take(item.record)
    }
    context.out.progress(() => `${counters.lines} lines`)
  }
  context.out.endProgress()
  if (refused > 0) context.out.note(`${refused} lines of ${events} could not be used and were left out`)
  checkLabels(labels, labelsPath, events, bench)
  if (told) checkNames(labels, told.findings, alerts!)
  return bench.finish(labels, seed)
}

async function readAlerts(path: string): Promise<Findings> {
  const ledger = new AlertLedger()
  const revisions = await readRecords(path, alertRevision, 'alert')
  const timed = revisions.map((revision) => ({ ...revision, event_time_ms: Date.parse(revision.event_time) }))
  timed.sort(
    (a, b) => a.event_time_ms - b.event_time_ms || compareText(a.alert_id, b.alert_id) || a.revision - b.revision,
  )
  for (const revision of timed) ledger.add(revision)
  return ledger.finish()
}

/** What has been said already needs to see nothing. */
function alertsMethod(findings: Findings, path: string): Method {
  return { name: 'alerts', summary: `the alerts of ${path}`, take: () => undefined, finish: () => findings }
}

function checkLabels(labels: readonly Label[], path: string, events: string, { activity }: Bench): void {
  const labelled = new Set(labels.map(({ account_id }) => account_id))
  if (labelled.size < labels.length) throw new EvaluationInputUnusable(`${path} has more than one label for an account`)
  const known = [...activity.accounts.keys()]
  if (known.length === 0) throw new EvaluationInputUnusable(`${events} has no request that could be used`)
  const unlabelled = known.filter((account_id) => !labelled.has(account_id))
  if (unlabelled.length === known.length)
    throw new EvaluationInputUnusable(`${path} names no account of ${events}; give the labels of the same run`)
  if (unlabelled.length > 0)
    throw new EvaluationInputUnusable(
      `${path} has no label for ${unlabelled.length} accounts of ${events}, such as ${unlabelled[0]}; there must be one line per account`,
    )
}

function checkNames(labels: readonly Label[], findings: readonly Finding[], alerts: string): void {
  const labelled = new Set(labels.map(({ account_id }) => account_id))
  const named = findings.flatMap(({ accounts, related }) => [
    ...accounts.map(({ account_id }) => account_id),
    ...related,
  ])
  const strangers = [...new Set(named)].filter((account_id) => !labelled.has(account_id))
  if (strangers.length > 0)
    throw new EvaluationInputUnusable(
      `${alerts} names ${strangers.length} accounts without a label, such as ${strangers[0]}; give the alerts of the same run`,
    )
}
