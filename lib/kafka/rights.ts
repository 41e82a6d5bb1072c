import { TOPIC_NAMES, type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { Stage } from '../stream/stage.ts'
import { readerGroups } from './reader.ts'
import { groupIdOf } from './stage-group.ts'
import { readTopics, writtenTopics } from './stage-topics.ts'
import { transactionalIds } from './task-producer.ts'

/** One right, as an ACL of Kafka grants it. Read and Write include Describe, so that is only listed where it stands alone. */
export interface Right {
  readonly operation: 'Read' | 'Write' | 'Create' | 'Delete' | 'Describe'
  readonly resource: 'topic' | 'group' | 'transactional-id'
  readonly name: string
  /** prefixed: every resource whose name begins so. */
  readonly pattern: 'literal' | 'prefixed'
}

/** Somebody who connects, and the least that they need. */
export interface Role {
  readonly name: string
  /** Completes "for ...". */
  readonly purpose: string
  readonly rights: readonly Right[]
}

const RESULTS = ['alerts', 'campaigns', 'decisions'] as const satisfies readonly TopicName[]
const LETTERS = 'dead-letters' satisfies TopicName
const PRODUCERS = 'producers'
const GATEWAYS = 'gateways'

/**
 * Every role of a deployment, from the map of topics and from what the stages declare. Nobody needs IDEMPOTENT_WRITE on the
 * cluster: from Kafka 2.8 on, who may write to a topic may do so idempotently (KIP-679), and who may write with a
 * transactional id never needed it.
 */
export function rolesOf(stages: readonly Stage[], prefix: string): Role[] {
  const topics = (operation: Right['operation'], names: readonly TopicName[]): Right[] =>
    names.map((topic) => ({ operation, resource: 'topic', name: prefix + topic, pattern: 'literal' }))
  const groups = (operation: Right['operation'], name: string, pattern: Right['pattern'] = 'literal'): Right => ({
    operation,
    resource: 'group',
    name,
    pattern,
  })
  const transactions = (groupId: string): Right => ({
    operation: 'Write',
    resource: 'transactional-id',
    name: transactionalIds(groupId),
    pattern: 'prefixed',
  })
  // A reader makes up a group of its own, and removes it afterwards.
  const reading = (['Read', 'Delete'] as const).map((operation) => groups(operation, readerGroups(prefix), 'prefixed'))
  const written = TOPIC_NAMES.filter((topic) => topicDefinition(topic).writer === PRODUCERS)
  const given = TOPIC_NAMES.filter((topic) => topicDefinition(topic).readers.includes(GATEWAYS))
  const letterGroup = groupIdOf(LETTERS, prefix)
  const sources = [...new Set(stages.flatMap((stage) => stage.inputs.map(({ topic }) => topic)))]
  return [
    {
      name: PRODUCERS,
      purpose: '`hydrawatch produce`, and whoever else writes input',
      rights: topics('Write', [...written, LETTERS]),
    },
    ...stages.map((stage) => {
      const groupId = groupIdOf(stage.name, prefix)
      return {
        name: stage.name,
        purpose: `\`hydrawatch run ${stage.name}\``,
        rights: [
          ...topics('Read', readTopics(stage)),
          ...topics('Write', writtenTopics(stage)),
          groups('Read', groupId),
          transactions(groupId),
        ],
      }
    }),
    {
      name: GATEWAYS,
      purpose: `gateways, in groups whose names begin with \`${prefix}hydrawatch-gateway\``,
      rights: [...topics('Read', given), groups('Read', `${prefix}hydrawatch-gateway`, 'prefixed')],
    },
    {
      name: 'readers',
      purpose: `people and programs that read results, in groups whose names begin with \`${readerGroups(prefix)}\``,
      rights: [...topics('Read', RESULTS), ...reading],
    },
    {
      name: LETTERS,
      purpose: '`hydrawatch dead-letters list` and `show`',
      rights: [...topics('Describe', without(LETTERS)), ...topics('Read', [LETTERS]), ...reading],
    },
    {
      name: `${LETTERS}-replay`,
      purpose: 'all of `hydrawatch dead-letters`',
      rights: [
        ...topics('Describe', without(LETTERS, ...sources)),
        ...topics('Read', [LETTERS]),
        ...reading,
        ...topics('Write', [...sources, LETTERS]),
        groups('Read', letterGroup),
        transactions(letterGroup),
      ],
    },
    {
      name: 'erasure',
      purpose: '`hydrawatch erase`',
      rights: [...topics('Read', ['accounts', 'hops']), ...topics('Write', ['outcomes', 'accounts']), ...reading],
    },
    {
      name: 'lag',
      purpose: '`hydrawatch lag` and `hydrawatch doctor`',
      rights: [
        ...topics('Describe', TOPIC_NAMES),
        ...stages.map((stage) => groups('Describe', groupIdOf(stage.name, prefix))),
      ],
    },
    {
      name: 'topics',
      purpose: '`hydrawatch topics apply`; `--acls apply` also needs Alter on the cluster, and is for a super user',
      rights: [...topics('Create', TOPIC_NAMES), ...topics('Describe', TOPIC_NAMES)],
    },
  ]
}

function without(...topics: readonly TopicName[]): TopicName[] {
  return TOPIC_NAMES.filter((topic) => !topics.includes(topic))
}
