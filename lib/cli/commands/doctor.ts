import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { HydrawatchError } from '../../ops/errors.ts'
import { DEVELOPMENT_CONTENT_SECRET, DEVELOPMENT_INFRASTRUCTURE_SECRET } from '../../ops/settings.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, type CliContext, CommandFailed, jsonOption } from '../command.ts'
import type { Config } from '../settings-schema.ts'

interface Check {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly detail: string
}

/** `hydrawatch doctor`: everything that a run rests on, looked at once; exit status 1 when something would stop it. */
export const doctor: CliCommand = {
  configure(command) {
    command.addOption(jsonOption())
  },

  async run(context) {
    const config = context.config()
    const checks = [...checkMachine(), ...checkKeys(config), ...(await checkCluster(context, config))]
    context.out.rows(
      [
        { title: 'check', value: ({ check }) => check },
        { title: 'state', value: ({ state }) => state },
        { title: 'detail', value: ({ detail }) => detail },
      ],
      checks,
    )
    const failed = checks.filter(({ state }) => state === 'failed').length
    if (failed > 0) throw new CommandFailed(`${failed} of ${checks.length} checks failed`)
  },
}

function checkMachine(): Check[] {
  return [{ check: 'node', state: 'ok', detail: process.version }]
}

function checkKeys({ edge }: Config): Check[] {
  const published = [
    ['edge.content_secret', edge.content_secret, DEVELOPMENT_CONTENT_SECRET],
    ['edge.infrastructure_secret', edge.infrastructure_secret, DEVELOPMENT_INFRASTRUCTURE_SECRET],
  ] as const
  return published.map(([check, value, development]) =>
    value === development
      ? {
          check,
          state: 'warning',
          detail: 'is the published development key: anybody can recompute the hashes. Set your own.',
        }
      : { check, state: 'ok', detail: 'is set' },
  )
}

async function checkCluster(context: CliContext, config: Config): Promise<Check[]> {
  if (config.kafka.brokers.length === 0) {
    const detail = 'not set: demo and start use the embedded broker, which is for one machine and for tests'
    return [{ check: 'kafka.brokers', state: 'warning', detail }]
  }
  const { prefix, partitions } = config.topics
  const checks: Check[] = []
  const look = async (check: string, run: () => Promise<string>): Promise<boolean> => {
    try {
      checks.push({ check, state: 'ok', detail: await run() })
      return true
    } catch (error) {
      if (!(error instanceof HydrawatchError)) throw error
      checks.push({ check, state: 'failed', detail: error.message })
      return false
    }
  }
  const cluster = await openCluster(context, config)
  const admin = cluster.kafka.admin()
  try {
    const isReached = await look('broker', async () => {
      const { brokers } = await cluster.kafka.reach('connecting', async () => {
        await admin.connect()
        return admin.describeCluster()
      })
      return `${brokers.length} of the cluster answer through ${config.kafka.brokers.join(', ')}`
    })
    if (isReached) {
      await look('topics', async () => {
        await cluster.kafka.reach('looking for topics', () => checkTopics(admin, { prefix, partitions }))
        return `${TOPIC_NAMES.length} topics, co-partitioned over ${partitions}`
      })
    }
    await look('registry', async () => {
      await cluster.codec.prepareTopics(TOPIC_NAMES)
      return `${cluster.registryUrl} holds this version's schemas`
    })
  } finally {
    await admin.disconnect()
    await cluster.close()
  }
  return checks
}
