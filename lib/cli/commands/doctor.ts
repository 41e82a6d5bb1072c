import { TOPIC_NAMES } from '../../../schemas/topics.ts'
import type { ConnectionSecurity } from '../../kafka/connection-security.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { HydrawatchError } from '../../ops/errors.ts'
import { DEVELOPMENT_CONTENT_SECRET, DEVELOPMENT_INFRASTRUCTURE_SECRET } from '../../ops/settings.ts'
import { openCluster, refuseSecurity, requireRegistry } from '../cluster.ts'
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
  const checks: Check[] = []
  const look = async <Found>(check: string, run: () => Promise<Finding<Found>>): Promise<Found | null> => {
    try {
      const { state = 'ok', detail, found } = await run()
      checks.push({ check, state, detail })
      return found
    } catch (error) {
      if (!(error instanceof HydrawatchError)) throw error
      checks.push({ check, state: 'failed', detail: error.message })
      return null
    }
  }
  if (config.kafka.brokers.length === 0) {
    await look('kafka.brokers', async () => {
      refuseSecurity(config)
      const detail = 'not set: demo and start use the embedded broker, which is for one machine and for tests'
      return { state: 'warning', detail, found: null }
    })
    return checks
  }
  const cluster = await look('connection', async () => {
    const opened = await openCluster(context, config, { mayLackRegistry: true })
    return { ...describeSecurity(opened.security, Date.now()), found: opened }
  })
  if (cluster === null) return checks
  const { prefix, partitions } = config.topics
  const admin = cluster.kafka.admin()
  try {
    const reached = await look('broker', async () => {
      const { brokers } = await cluster.kafka.reach('connecting', async () => {
        await admin.connect()
        return admin.describeCluster()
      })
      const detail = `${brokers.length} of the cluster answer through ${config.kafka.brokers.join(', ')}`
      return { detail, found: brokers }
    })
    if (reached !== null) {
      await look('topics', async () => {
        await cluster.kafka.reach('looking for topics', () => checkTopics(admin, { prefix, partitions }))
        return { detail: `${TOPIC_NAMES.length} topics, co-partitioned over ${partitions}`, found: null }
      })
    }
    await look('registry', async () => {
      requireRegistry(config)
      await cluster.codec.prepareTopics(TOPIC_NAMES)
      return { detail: `${cluster.registryUrl} holds this version's schemas`, found: null }
    })
  } finally {
    await admin.disconnect()
    await cluster.close()
  }
  return checks
}

interface Finding<Found> {
  /** @default ok */
  readonly state?: Check['state']
  readonly detail: string
  readonly found: Found
}

const DAY_MS = 86_400_000
const CERTIFICATE_WARNING_DAYS = 14

function describeSecurity(security: ConnectionSecurity, now_ms: number): Pick<Check, 'state' | 'detail'> {
  const { protocol, as, certificateEnd_ms } = security
  const detail = `${protocol}, as ${as}`
  if (protocol === 'SASL_PLAINTEXT') {
    const warning = 'what proves who we are can be read on the way; set kafka.tls.enabled'
    return { state: 'warning', detail: `${detail}: ${warning}` }
  }
  if (certificateEnd_ms === null) return { state: 'ok', detail }
  const days = Math.floor((certificateEnd_ms - now_ms) / DAY_MS)
  const end = new Date(certificateEnd_ms).toISOString()
  if (days < 0) return { state: 'failed', detail: `${detail}: our certificate ended at ${end}; renew it` }
  const state = days < CERTIFICATE_WARNING_DAYS ? 'warning' : 'ok'
  return { state, detail: `${detail}; our certificate ends at ${end}` }
}
