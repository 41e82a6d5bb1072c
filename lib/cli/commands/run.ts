import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { UsageError } from '../../ops/errors.ts'
import { nearestName } from '../../ops/nearest.ts'
import { openCluster } from '../cluster.ts'
import type { CliCommand } from '../command.ts'
import { requireBrokers } from '../require-brokers.ts'
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
    const cluster = await openCluster(context, config)
    try {
      const stages = await startStages(context, config, cluster, names)
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
  },
}

function refuseUnknown(name: string): void {
  const known: readonly string[] = STAGE_NAMES
  if (known.includes(name)) return
  const near = nearestName(name, known)
  throw new UsageError(
    `unknown consumer \`${name}\`${near === undefined ? '.' : `; did you mean \`${near}\`?`} There are ${known.join(', ')}, and all.`,
  )
}
