import { describe, expect, it } from 'vitest'
import { stagesOf } from '../../../lib/cli/pipeline.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { aclCommands, aclsOf } from '../../../lib/kafka/acls.ts'
import { type Role, rolesOf } from '../../../lib/kafka/rights.ts'
import { readTopics, writtenTopics } from '../../../lib/kafka/stage-topics.ts'
import { TOPIC_NAMES, topicDefinition } from '../../../schemas/topics.ts'

const stages = stagesOf(settingsSchema.parse({}))
const roles = rolesOf(stages, '')

function topicsOf({ rights }: Role, operation: string): string[] {
  return rights.filter((right) => right.resource === 'topic' && right.operation === operation).map(({ name }) => name)
}

/** Roles of the flow, which the map of topics knows by name. */
const inFlow = roles.filter(({ name }) =>
  ['producers', 'gateways', ...stages.map((stage) => stage.name)].includes(name),
)

describe('rights', () => {
  it('to read and to write a topic are with whom the map of topics says', () => {
    for (const topic of TOPIC_NAMES) {
      const { writer, readers } = topicDefinition(topic)
      const reading = inFlow.filter((role) => topicsOf(role, 'Read').includes(topic)).map(({ name }) => name)
      expect([topic, ...reading.sort()]).toEqual([topic, ...[...readers].sort()])
      const writing = inFlow.filter((role) => topicsOf(role, 'Write').includes(topic)).map(({ name }) => name)
      const everyone = inFlow.filter(({ name }) => name !== 'gateways').map(({ name }) => name)
      expect([topic, ...writing]).toEqual([topic, ...(writer === 'every stage and producer' ? everyone : [writer])])
    }
  })

  it('of a stage are what it declares, its group and its transactional ids, and nothing else', () => {
    for (const stage of stages) {
      const role = roles.find(({ name }) => name === stage.name)
      expect(role && topicsOf(role, 'Read')).toEqual(readTopics(stage))
      expect(role && topicsOf(role, 'Write')).toEqual(writtenTopics(stage))
      expect(role?.rights.filter(({ resource }) => resource !== 'topic')).toEqual([
        { operation: 'Read', resource: 'group', name: `hydrawatch.${stage.name}`, pattern: 'literal' },
        { operation: 'Write', resource: 'transactional-id', name: `hydrawatch.${stage.name}.`, pattern: 'prefixed' },
      ])
    }
  })

  it('never repeat or include one another, so that each can be missed', () => {
    for (const { name, rights } of roles) {
      const all = rights.map(({ operation, resource, name: on }) => `${operation} ${resource} ${on}`)
      expect([name, all.length]).toEqual([name, new Set(all).size])
      for (const { operation, resource, name: on } of rights) {
        if (operation !== 'Describe') continue
        expect(all).not.toContain(`Read ${resource} ${on}`)
        expect(all).not.toContain(`Write ${resource} ${on}`)
      }
    }
  })

  it('carry the prefix of a deployment on every resource', () => {
    for (const { rights } of rolesOf(stages, 'eu.')) for (const { name } of rights) expect(name).toMatch(/^eu\./)
  })
})

it("ACLs as commands of Kafka's tool say the same, for the principals that were named", () => {
  const linkage = roles.filter(({ name }) => name === 'linkage')
  const head = 'kafka-acls.sh --bootstrap-server k:9092 --command-config admin.properties --add --allow-principal'
  const who = `${head} 'User:CN=it'\\''s, O=x'`
  expect(aclCommands(aclsOf(linkage, new Map([['linkage', "User:CN=it's, O=x"]])), 'k:9092')).toEqual([
    `${who} --operation Read --topic sightings --topic linkage.state`,
    `${who} --operation Write --topic links --topic linkage.state --topic dead-letters`,
    `${who} --operation Read --group hydrawatch.linkage`,
    `${who} --operation Write --resource-pattern-type prefixed --transactional-id hydrawatch.linkage.`,
  ])
  expect(aclsOf(linkage, new Map())[0]?.principal).toBe('User:hydrawatch-linkage')
})
