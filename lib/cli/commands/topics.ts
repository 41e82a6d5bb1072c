import { Argument, Option } from 'commander'
import { TOPIC_NAMES, topicDefinition } from '../../../schemas/topics.ts'
import { type Acl, aclCommands, aclsOf, createAcls, shellWord } from '../../kafka/acls.ts'
import { rolesOf } from '../../kafka/rights.ts'
import { UsageError } from '../../ops/errors.ts'
import { partitionCount } from '../../stream/topology.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, type CliContext, jsonOption } from '../command.ts'
import { stagesOf } from '../pipeline.ts'
import { principalOption, refuseUnknownRoles } from '../principals.ts'
import { requireBrokers } from '../require-brokers.ts'
import type { Config } from '../settings-schema.ts'

interface TopicsOptions {
  readonly acls?: 'print' | 'apply'
  readonly principal?: ReadonlyMap<string, string>
}

/** `hydrawatch topics apply`: creates what is missing, refuses what does not match, registers the schemas. */
export const topics: CliCommand<TopicsOptions> = {
  configure(command) {
    command
      .addArgument(new Argument('<action>', 'apply: create missing topics, register schemas').choices(['apply']))
      .addOption(
        new Option(
          '--acls [mode]',
          'print: only print the ACLs that each role needs, as commands of kafka-acls.sh, and change nothing; apply: create them, too',
        )
          .choices(['print', 'apply'])
          .preset('print'),
      )
      .addOption(
        new Option(
          '--principal <role=principal>',
          'with --acls: who has a role, such as linkage=User:hw-linkage; repeatable (default: User:hydrawatch-ROLE)',
        ).argParser(principalOption),
      )
      .addOption(jsonOption())
  },

  async run(context, { acls: mode, principal: principals = new Map() }) {
    if (principals.size > 0 && mode === undefined) throw new UsageError('--principal does nothing without --acls.')
    const config = context.config()
    const roles = rolesOf(stagesOf(config), config.topics.prefix)
    refuseUnknownRoles(principals, roles)
    const acls = aclsOf(roles, principals)
    if (mode === 'print') printAcls(context, config, acls)
    else await apply(context, config, mode === 'apply' ? acls : [])
  },
}

function printAcls({ out }: CliContext, { kafka }: Config, acls: readonly Acl[]): void {
  if (out.json) {
    out.rows([], acls)
    return
  }
  const bootstrap = kafka.brokers.length === 0 ? '"$KAFKA_BROKERS"' : shellWord(kafka.brokers.join(','))
  out.note('admin.properties: how a super user connects, see docs/operations.md')
  for (const command of aclCommands(acls, bootstrap)) out.text(command)
}

async function apply(context: CliContext, config: Config, acls: readonly Acl[]): Promise<void> {
  requireBrokers(config)
  const cluster = await openCluster(context, config)
  try {
    const { created } = await cluster.prepare()
    const rows = TOPIC_NAMES.map((topic) => {
      const name = config.topics.prefix + topic
      const { cleanup, schema } = topicDefinition(topic)
      const partitions = partitionCount(topic, config.topics.partitions)
      return { topic: name, partitions, cleanup, schema, state: created.includes(name) ? 'created' : 'existing' }
    })
    context.out.rows(
      [
        { title: 'topic', value: ({ topic }) => topic },
        { title: 'partitions', value: ({ partitions }) => partitions },
        { title: 'cleanup', value: ({ cleanup }) => cleanup },
        { title: 'schema', value: ({ schema }) => schema },
        { title: 'state', value: ({ state }) => state },
      ],
      rows,
    )
    if (acls.length === 0) return
    const admin = cluster.kafka.admin()
    await cluster.kafka.reach('creating ACLs', async () => {
      await admin.connect()
      await createAcls(admin, acls).finally(() => admin.disconnect())
    })
    const principals = new Set(acls.map(({ principal }) => principal)).size
    context.out.note(`${acls.length} ACLs for ${principals} principals`)
  } finally {
    await cluster.close()
  }
}
