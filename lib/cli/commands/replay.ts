import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { type Command, Option } from 'commander'
import { createIntakeCounters, intake } from '../../../producers/intake/intake.ts'
import type { Reject } from '../../../producers/intake/reject.ts'
import { TRACE_FORMATS } from '../../../producers/traces/index.ts'
import type { Alert } from '../../../schemas/types.ts'
import { alertLine } from '../../alerts/alert-line.ts'
import { AlertStream } from '../../alerts/alert-stream.ts'
import { UsageError } from '../../ops/errors.ts'
import { Driver } from '../../stream/driver.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { formatOption } from '../format-option.ts'
import { sketchKeys, stagesOf } from '../pipeline.ts'

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
    if (options.alerts === '-' && options.summary) {
      throw new UsageError('--alerts - and --summary both want standard output; give --alerts a file.')
    }
    const alerts = openLines(options.alerts, context.stdout)
    const deadLetters = options.deadLetters === undefined ? null : openLines(options.deadLetters, context.stdout)
    const stream = new AlertStream()
    const counts = { alerts: 0, rejected: 0 }
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
      onRejected(stage, { topic, offset, rejection }) {
        counts.rejected++
        deadLetters?.write(JSON.stringify({ source: topic, line: offset, stage, ...rejection }))
      },
    })
    const counters = createIntakeCounters()
    const convert = options.format === undefined ? undefined : TRACE_FORMATS.get(options.format)?.convert
    const items = intake(files, { keys: sketchKeys(config), convert, counters, stdin: context.stdin })
    for await (const chunk of items) {
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
    const rejects = Object.fromEntries(counters.rejects)
    const refused = [...counters.rejects.values()].reduce((sum, count) => sum + count, 0) + counts.rejected
    if (refused > 0) {
      context.out.note(
        `${refused} input records went to the dead letters: ${JSON.stringify({ ...rejects, too_late: counts.rejected })}`,
      )
    }
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

interface Lines {
  write(line: string): void
  /** Resolves when what was written has left, as far as the stream asks for it. */
  drained(): Promise<void>
  close(): Promise<void>
}

function openLines(path: string, stdout: NodeJS.WritableStream): Lines {
  const isStdout = path === '-'
  const target: NodeJS.WritableStream = isStdout ? stdout : createWriteStream(path)
  // Kept for whoever awaits next: a disk that is full must fail the command, not the process.
  let failure: Error | null = null
  if (!isStdout) target.on('error', (error: Error) => (failure = error))
  let mustDrain = false
  return {
    write(line) {
      mustDrain = !target.write(`${line}\n`)
    },
    async drained() {
      if (failure) throw new UsageError(`can't write ${path}: ${failure.message}`)
      if (mustDrain) await once(target, 'drain')
      mustDrain = false
    },
    async close() {
      if (isStdout) return
      target.end()
      try {
        await finished(target)
      } catch (error) {
        throw new UsageError(`can't write ${path}: ${(error as Error).message}`)
      }
    },
  }
}

function rejectLine({ source, line, reason, detail }: Reject): string {
  return JSON.stringify({ source, line, stage: 'intake', reason, detail })
}
