import { type Command, Option } from 'commander'
import { createIntakeCounters } from '../../../producers/intake/intake.ts'
import type { Reject } from '../../../producers/intake/reject.ts'
import { checkSources } from '../../../producers/intake/sources.ts'
import type { Alert } from '../../../schemas/types.ts'
import { alertLine } from '../../alerts/alert-line.ts'
import { AlertStream } from '../../alerts/alert-stream.ts'
import { UsageError } from '../../ops/errors.ts'
import { Driver } from '../../stream/driver.ts'
import type { RejectedRecord } from '../../stream/record.ts'
import { type CliCommand, type CliContext, jsonOption } from '../command.ts'
import { formatOption } from '../format-option.ts'
import { openInput } from '../input.ts'
import { openLineOutput, refuseSharedFiles } from '../line-output.ts'
import { stagesOf } from '../pipeline.ts'

interface ReplayOptions {
  readonly alerts: string
  readonly deadLetters?: string
  readonly format?: string
  readonly summary?: boolean
}

/** `hydrawatch replay`: the whole pipeline offline, over files in the order they are named; no Kafka, bounded memory. */
export const replay: CliCommand<ReplayOptions> = {
  configure(command: Command) {
    command
      .argument('<file...>', "NDJSON files, gzipped or not, in order of arrival; '-' for standard input")
      .addOption(
        new Option('--alerts <file>', "where alerts go, NDJSON; '-' for standard output").makeOptionMandatory(),
      )
      .addOption(new Option('--dead-letters <file>', 'where input that could not be used is listed, NDJSON'))
      .addOption(formatOption())
      .addOption(new Option('--summary', 'print counts per stage at the end'))
      .addOption(jsonOption())
  },

  async run(context, options, files) {
    const config = context.config()
    await checkSources(files)
    const { alerts, deadLetters } = await openOutputs(context, options, files)
    const stream = new AlertStream()
    const counts = { alerts: 0 }
    const late = new Map<string, number>()
    const failed = new Map<string, { error: string; count: number }>()
    const driver = new Driver({
      stages: stagesOf(config),
      partitions: 1,
      hops: config.hops,
      onOutput(_stage, record) {
        if (record.topic !== 'alerts') return
        for (const alert of stream.add(record.value as Alert | null, record.hop?.last ?? false)) {
          counts.alerts++
          alerts.write(alertLine(alert))
        }
      },
      onRejected(stage, record) {
        late.set(record.rejection.reason, (late.get(record.rejection.reason) ?? 0) + 1)
        deadLetters?.write(rejectedLine(stage, record))
      },
      onFailure(_stage, _hop, { part, error, message, where, count }) {
        const known = failed.get(part) ?? {
          error: `${error}: ${message}${where === null ? '' : ` at ${where}`}`,
          count: 0,
        }
        failed.set(part, { ...known, count: known.count + count })
      },
    })
    const counters = createIntakeCounters()
    for await (const chunk of openInput(context, config, files, { format: options.format, counters })) {
      context.signal.throwIfAborted()
      for (const item of chunk) {
        if (item.kind === 'reject') deadLetters?.write(rejectLine(item))
        else driver.pipe(item.record.topic, item.record.key, item.record.value)
      }
      await Promise.all([alerts.drained(), deadLetters?.drained()])
      context.out.progress(() => `${counters.lines} lines, ${counts.alerts} alert revisions`)
    }
    driver.finish()
    await Promise.all([alerts.close(), deadLetters?.close()])
    context.out.endProgress()
    const reasons = [...counters.rejects, ...late]
    const refused = reasons.reduce((sum, [, count]) => sum + count, 0)
    if (refused > 0) {
      const where = deadLetters ? 'went to the dead letters' : 'could not be used; --dead-letters FILE lists them'
      context.out.note(`${refused} input records ${where}: ${JSON.stringify(Object.fromEntries(reasons))}`)
    }
    for (const [part, { error, count }] of failed)
      context.out.note(`${part} failed ${count} times, first with ${error}`)
    if (!options.summary) return
    const stages = driver.counters()
    const rows = Object.entries(stages).flatMap(([stage, values]) =>
      Object.entries(values).map(([counter, count]) => ({ stage, counter, count })),
    )
    context.out.rows(
      [
        { title: 'stage', value: ({ stage }) => stage },
        { title: 'counter', value: ({ counter }) => counter },
        { title: 'count', value: ({ count }) => count },
      ],
      [
        { stage: 'intake', counter: 'lines', count: counters.lines },
        { stage: 'intake', counter: 'refused', count: refused },
        ...rows,
        { stage: 'alerts', counter: 'revisions', count: counts.alerts },
      ],
    )
  },
}

/** @throws UsageError for outputs that can't be opened, or that would overwrite an input or each other. */
async function openOutputs(
  { stdout }: CliContext,
  { alerts, deadLetters, summary }: ReplayOptions,
  files: readonly string[],
) {
  const outputs = [{ option: '--alerts', path: alerts }]
  if (deadLetters !== undefined) outputs.push({ option: '--dead-letters', path: deadLetters })
  const printed = outputs.find(({ path }) => path === '-')
  if (printed && summary) {
    throw new UsageError(`${printed.option} - and --summary both want standard output; give ${printed.option} a file.`)
  }
  await refuseSharedFiles(files, outputs)
  return {
    alerts: await openLineOutput(alerts, stdout),
    deadLetters: deadLetters === undefined ? null : await openLineOutput(deadLetters, stdout),
  }
}

/** A record that a stage turned down has left its line behind; its place on the topic is what Kafka would tell of it. */
function rejectedLine(stage: string, { topic, partition, offset, rejection }: RejectedRecord): string {
  return JSON.stringify({ source: topic, partition, offset, line: null, stage, ...rejection })
}

function rejectLine({ source, line, reason, detail }: Reject): string {
  return JSON.stringify({ source, line, stage: 'intake', reason, detail })
}
