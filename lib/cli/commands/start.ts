import { Option } from 'commander'
import { EMBEDDED_NOTICE } from '../../embedded/notice.ts'
import { UsageError } from '../../ops/errors.ts'
import { openCluster } from '../cluster.ts'
import type { CliCommand } from '../command.ts'
import { alertSummary, reportResult } from '../demo/report.ts'
import { openDemo } from '../demo/session.ts'
import { portNumber, seedOption } from '../number-options.ts'

interface StartOptions {
  readonly seed: number
  readonly port: number
  readonly registryPort: number
}

/** `hydrawatch start`: what the demo runs, kept running for what is produced into it, until interrupted. */
export const start: CliCommand<StartOptions> = {
  configure(command) {
    command
      .addOption(new Option('--port <port>', 'of the embedded broker').default(9092).argParser(portNumber))
      .addOption(new Option('--registry-port <port>', 'of the embedded registry').default(8081).argParser(portNumber))
      .addOption(seedOption())
  },

  async run(context, { seed, port, registryPort }) {
    const config = context.config()
    if (config.kafka.brokers.length > 0) {
      throw new UsageError(
        'kafka.brokers is set, and start writes sample traffic: it does so on a broker of its own only. On your Kafka use ' +
          '`hydrawatch topics apply`, `run all` and `produce`; to see the sample there, `hydrawatch demo`.',
      )
    }
    if (config.log.level === 'info') context.log.level = 'warn'
    const cluster = await openCluster(context, config, { ports: { broker: port, registry: registryPort } })
    try {
      context.out.note(EMBEDDED_NOTICE)
      await cluster.prepare()
      const session = await openDemo(context, config, cluster, (alert) => context.out.text(alertSummary(alert)))
      try {
        reportResult(context.out, await session.feedSample(seed, null))
        context.out.note(
          `running. In another shell:\n  export KAFKA_BROKERS=${cluster.brokers.join(',')} SCHEMA_REGISTRY_URL=${cluster.registryUrl}\n` +
            '  npx hydrawatch produce FILE    npx hydrawatch lag\nStop with Ctrl-C.',
        )
        const stop = () => void session.stop()
        context.signal.addEventListener('abort', stop, { once: true })
        if (context.signal.aborted) stop()
        await session.stages.closed
      } finally {
        await session.stop()
      }
    } finally {
      await cluster.close()
    }
  },
}
