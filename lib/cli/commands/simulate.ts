import { type Command, Option } from 'commander'
import { parseScenarioChoices } from '../../../producers/simulator/scenario-choice.ts'
import { SCENARIOS } from '../../../producers/simulator/scenarios/index.ts'
import { simulate as simulateTraffic } from '../../../producers/simulator/simulate.ts'
import { type CliCommand, type CliContext, jsonOption } from '../command.ts'
import { checkDataFolder, dataOption } from '../data-folder.ts'
import { type LineOutput, openLineOutput, refuseSharedFiles } from '../line-output.ts'
import { positiveNumber, wholeNumber } from '../number-options.ts'

interface SimulateOptions {
  readonly scenario: readonly string[]
  readonly accounts: number
  readonly days: number
  readonly seed: number
  readonly rate: number
  readonly out: string
  readonly labels: string
  readonly data?: string
}

/** Lines between two looks at the outputs and the signal. */
const BATCH_LINES = 200

/** `hydrawatch simulate`: labelled traffic, made while it is written, in memory that does not grow with its length. */
export const simulate: CliCommand<SimulateOptions> = {
  configure(command: Command) {
    command
      .addOption(
        new Option(
          '--scenario <name...>',
          'beside ordinary customers: a name below, all, malicious or hard-negatives; with settings as in M4:level=2,accounts=500,rate=0.5,instances=3',
        ).default([], 'ordinary customers only'),
      )
      .addOption(new Option('--accounts <number>', 'of ordinary customers').default(1_000).argParser(wholeNumber))
      .addOption(new Option('--days <number>', 'that the traffic covers').default(1).argParser(positiveNumber))
      .addOption(new Option('--seed <number>', 'same seed, same bytes').default(1).argParser(wholeNumber))
      .addOption(new Option('--rate <factor>', 'times the requests of everyone').default(1).argParser(positiveNumber))
      .addOption(
        new Option(
          '--out <file>',
          "where events go, NDJSON; gzipped when it ends in .gz, '-' for standard output",
        ).makeOptionMandatory(),
      )
      .addOption(new Option('--labels <file>', 'where the truth goes, one line per account').makeOptionMandatory())
      .addOption(dataOption())
      .addOption(jsonOption())
      .addHelpText(
        'after',
        () => `\nScenarios:\n${SCENARIOS.map(({ name, summary }) => `  ${name.padEnd(4)} ${summary}`).join('\n')}`,
      )
  },

  async run(context, options) {
    const scenarios = parseScenarioChoices(options.scenario)
    if (options.data !== undefined) await checkDataFolder(options.data)
    const { accounts, days, seed, rate, data: dataFolder } = options
    const { out, labels } = await openOutputs(context, options)
    const simulation = simulateTraffic({ seed, days, accounts, rate, scenarios, dataFolder })
    const began_ms = performance.now()
    const perSecond = (lines: number): number => Math.round(lines / ((performance.now() - began_ms) / 1_000))
    let events = 0
    for (const event of simulation.events) {
      out.write(JSON.stringify(event))
      if (++events % BATCH_LINES !== 0) continue
      context.signal.throwIfAborted()
      await out.drained()
      context.out.progress(() => `${events} events, ${perSecond(events)} events/s`)
    }
    await out.close()
    const events_per_s = perSecond(events)
    const counts = { accounts: 0, malicious: 0 }
    for (const label of simulation.labels()) {
      labels.write(JSON.stringify(label))
      counts.accounts++
      if (label.label === 'malicious') counts.malicious++
      if (counts.accounts % BATCH_LINES === 0) await labels.drained()
    }
    await labels.close()
    context.out.endProgress()
    const text = `${events} events of ${counts.accounts} accounts, ${counts.malicious} of them malicious; ${events_per_s} events/s`
    if (options.out === '-' || options.labels === '-') context.out.note(text)
    else if (context.out.json) context.out.record({ events, events_per_s, ...counts }, text)
    else context.out.note(text)
  },
}

/** @throws UsageError for outputs that can't be opened, or that are the same. */
async function openOutputs(
  { stdout }: CliContext,
  { out, labels }: SimulateOptions,
): Promise<{ out: LineOutput; labels: LineOutput }> {
  await refuseSharedFiles(
    [],
    [
      { option: '--out', path: out },
      { option: '--labels', path: labels },
    ],
  )
  return { out: await openLineOutput(out, stdout), labels: await openLineOutput(labels, stdout) }
}
