import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { type Monitor, startMonitor } from '../../monitor/monitor.ts'
import { UsageError } from '../../ops/errors.ts'
import { nearestName } from '../../ops/nearest.ts'
import { commitDue_ms } from '../../stream/lag-state.ts'
import { openCluster } from '../cluster.ts'
import type { CliCommand, CliContext } from '../command.ts'
import { requireBrokers } from '../require-brokers.ts'
import type { Config } from '../settings-schema.ts'
import { startStages } from '../stages.ts'

/** `hydrawatch run`: long-lived consumers on Kafka, until SIGTERM. Each stage is a consumer group; start as many as needed. */
export const run: CliCommand = {
  configure(command) {
    command.argument('<consumer...>', `which stages: ${STAGE_NAMES.join(', ')}, or all`)
  },

  async run(context, _options, args) {
    const names = args.includes('all') ? [...STAGE_NAMES] : args
    for (const name of names) refuseUnknown(name)
    const config = context.config()
    requireBrokers(config)
    // Before the first stage, so that it can be seen starting, and after the last, so that it can be seen stopping.
    const monitor = await openMonitor(context, config, names)
    try {
      await runStages(context, config, names, monitor)
    } finally {
      await monitor?.close()
    }
  },
}

async function openMonitor(context: CliContext, config: Config, expected: readonly string[]): Promise<Monitor | null> {
  const { host, port } = config.metrics
  if (port === 0) return null
  const monitor = await startMonitor({ host, port, expected, due_ms: commitDue_ms(config.hops), now: Date.now })
  context.log.info({ host, port: monitor.port }, 'serving /metrics, /livez, /readyz and /statez')
  return monitor
}

async function runStages(
  context: CliContext,
  config: Config,
  names: readonly string[],
  monitor: Monitor | null,
): Promise<void> {
  const cluster = await openCluster(context, config)
  try {
    const stages = await startStages(context, config, cluster, names, monitor ?? {})
    context.log.info({ stages: names, brokers: cluster.brokers }, 'running')
    const stop = () => void stages.stop()
    context.signal.addEventListener('abort', stop, { once: true })
    if (context.signal.aborted) stop()
    try {
      await stages.closed
    } finally {
      await stages.stop()
    }
  } finally {
    await cluster.close()
  }
}

function refuseUnknown(name: string): void {
  const known: readonly string[] = STAGE_NAMES
  if (known.includes(name)) return
  const near = nearestName(name, known)
  throw new UsageError(
    `unknown consumer \`${name}\`${near === undefined ? '.' : `; did you mean \`${near}\`?`} There are ${known.join(', ')}, and all.`,
  )
}
