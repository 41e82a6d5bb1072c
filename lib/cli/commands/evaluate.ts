import { setImmediate } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import { methodsOf } from '../../evaluation/methods.ts'
import { PROFILES } from '../../evaluation/profiles.ts'
import { tablesOf } from '../../evaluation/report/tables.ts'
import { partResults, type Results } from '../../evaluation/results.ts'
import { runProfile } from '../../evaluation/run-profile.ts'
import { UsageError } from '../../ops/errors.ts'
import { type CliCommand, type CliContext, jsonOption } from '../command.ts'
import { checkDataFolder, dataOption } from '../data-folder.ts'
import { evaluateFiles } from '../evaluate/evaluate-files.ts'
import { writeRecord, writeReport } from '../evaluate/write-report.ts'
import { positiveNumber, wholeNumber } from '../number-options.ts'
import { detectionHash, sketchKeys } from '../pipeline.ts'

interface EvaluateOptions {
  readonly events?: string
  readonly labels?: string
  readonly alerts?: string
  readonly profile?: string
  readonly seed: number
  readonly report?: string
  readonly record?: string
  readonly outputPrice: number
  readonly baselines: boolean
  readonly data?: string
}

/** An assumption: what a large model may cost. `results.json` has the tokens. */
const OUTPUT_PRICE_USD = 15

/** `hydrawatch evaluate`: how well alerts, or the pipeline and its ablations and the baselines, agree with what is true of a stream. */
export const evaluate: CliCommand<EvaluateOptions> = {
  configure(command: Command) {
    command
      .addOption(new Option('--events <file>', "NDJSON, gzipped or not; '-' for standard input"))
      .addOption(new Option('--labels <file>', 'the truth, one line per account'))
      .addOption(new Option('--alerts <file>', 'of `hydrawatch replay`; default: run the methods over the events'))
      .addOption(new Option('--profile <name>', 'simulate and judge instead').choices(PROFILES.map(({ name }) => name)))
      .addOption(new Option('--seed <number>', 'of the simulation and of resampling').default(1).argParser(wholeNumber))
      .addOption(new Option('--report <folder>', 'for report.html, results.json and the plots'))
      .addOption(new Option('--record <file>', 'where the figures go that later runs are held to'))
      .addOption(
        new Option('--output-price <usd>', 'of a million output tokens, for what leaked in dollars')
          .default(OUTPUT_PRICE_USD)
          .argParser(positiveNumber),
      )
      .addOption(dataOption())
      .addOption(new Option('--no-baselines', 'the pipeline and its ablations alone'))
      .addOption(jsonOption())
      .addHelpText(
        'after',
        () => `\nProfiles:\n${PROFILES.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join('\n')}`,
      )
  },

  async run(context, options) {
    const results = await resultsOf(context, options)
    context.out.endProgress()
    const { report, record, outputPrice } = options
    const tables = tablesOf(results, outputPrice)
    for (const { title, columns, rows } of context.out.json ? [] : tables) {
      context.out.text(`\n${title}`)
      context.out.rows(
        columns.map((column, at) => ({ title: column, value: (row: readonly string[]) => row[at]! })),
        rows,
      )
    }
    if (context.out.json) context.out.record(results, '')
    if (report !== undefined) {
      await writeReport(report, results, tables)
      context.out.note(`report in ${report}`)
    }
    if (record !== undefined) await writeRecord(record, results)
  },
}

async function resultsOf(context: CliContext, options: EvaluateOptions): Promise<Results> {
  const { events, labels, alerts, profile: name, seed, baselines, data: dataFolder } = options
  const config = context.config()
  const config_hash = detectionHash(config)
  if (name !== undefined) {
    if (events !== undefined || labels !== undefined || alerts !== undefined)
      throw new UsageError('--profile simulates its own events; leave --events, --labels and --alerts out')
    if (dataFolder !== undefined) await checkDataFolder(dataFolder)
    return runProfile(PROFILES.find((profile) => profile.name === name)!, {
      seed,
      settings: config,
      hops: config.hops,
      config_hash,
      keys: sketchKeys(config),
      baselines,
      dataFolder,
      clock_ms: () => performance.now(),
      async onProgress(part, events) {
        context.out.progress(() => `${part}: ${events} events`)
        // Signals are only heard when the event loop comes round.
        await setImmediate()
        context.signal.throwIfAborted()
      },
    })
  }
  if (dataFolder !== undefined)
    throw new UsageError('--data is what a --profile is simulated with; files have been simulated already')
  if (events === undefined || labels === undefined)
    throw new UsageError('evaluate needs --events and --labels, or --profile')
  const result = await evaluateFiles(
    context,
    config,
    { events, labels, alerts: alerts ?? null },
    methodsOf({ settings: config, hops: config.hops, config_hash, isCompared: true, baselines }),
    seed,
  )
  return {
    profile: 'files',
    seed,
    config_hash,
    parts: [partResults('files', 'the events and labels that were given', result)],
    cost_curve: [],
    cost: { files: result.seconds },
  }
}
