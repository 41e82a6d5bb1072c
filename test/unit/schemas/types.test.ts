import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pipelineStages, STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { localSchema, localType } from '../../../lib/avro/record-types.ts'
import { settingsSchema } from '../../../lib/cli/settings-schema.ts'
import { SCHEMAS_FOLDER } from '../../../schemas/folder.ts'
import { renderTypes } from '../../../schemas/generate-types.ts'
import { TOPIC_NAMES, type TopicName, topicDefinition } from '../../../schemas/topics.ts'
import type { TopicValues } from '../../../schemas/values.ts'

const stages = pipelineStages(settingsSchema.parse({}), 'hash')
const inputTopics = (stage: string) => stages.find(({ name }) => name === stage)?.inputs.map(({ topic }) => topic) ?? []

describe('the schemas', () => {
  test('types.ts is what the .avsc files give; if not, run `npm run schemas:types`', () => {
    expect(readFileSync(join(SCHEMAS_FOLDER, 'types.ts'), 'utf8')).toBe(renderTypes())
  })

  test.each(TOPIC_NAMES)('%s has a schema that parses, of the record that TopicValues names', (topic) => {
    const type = localType(topic)
    expect(type.typeName).toBe('record')
    const values = readFileSync(join(SCHEMAS_FOLDER, 'values.ts'), 'utf8')
    const { name } = JSON.parse(localSchema(topic)) as { name: string }
    expect(new RegExp(`^  '?${topic.replace('.', '\\.')}'?: ${name}$`, 'm').test(values)).toBe(true)
  })

  test('TopicValues has every topic and no other', () => {
    type Covered = TopicName extends keyof TopicValues ? (keyof TopicValues extends TopicName ? true : false) : false
    const covered: Covered = true
    expect(covered).toBe(true)
  })
})

describe('the map of topics', () => {
  test('has the stages in flow order', () => {
    expect(stages.map(({ name }) => name)).toEqual([...STAGE_NAMES])
  })

  test.each(STAGE_NAMES)('names %s as the writer of what it writes and a reader of what it reads', (name) => {
    const stage = stages.find((each) => each.name === name)
    if (!stage) throw new Error(`no stage ${name}`)
    for (const { topic } of stage.outputs) expect(topicDefinition(topic).writer, topic).toBe(name)
    for (const { topic } of stage.inputs) expect(topicDefinition(topic).readers, topic).toContain(name)
    expect(topicDefinition(stage.changelog)).toMatchObject({ writer: name, readers: [name], cleanup: 'compact' })
    expect(topicDefinition(stage.changelog).partitions).toBe(stage.scope === 'global' ? 1 : 'many')
  })

  // `hops` is how the sources keep together: the shell writes and reads it, not the stage.
  test.each(TOPIC_NAMES.filter((topic) => topic !== 'hops' && !topic.endsWith('.state')))(
    '%s is read and written by the stages that it names',
    (topic) => {
      const { writer, readers } = topicDefinition(topic)
      const ours = readers.filter((reader) => stages.some(({ name }) => name === reader))
      for (const reader of ours) expect(inputTopics(reader), reader).toContain(topic)
      const stage = stages.find(({ name }) => name === writer)
      if (stage) expect(stage.outputs.map((output) => output.topic)).toContain(topic)
    },
  )

  test('a stage that has a partition to itself finds as many of them on each of its inputs', () => {
    for (const { name, inputs } of stages) {
      const own = inputs.filter(({ partitions }) => partitions === 'own').map(({ topic }) => topic)
      expect(new Set(own.map((topic) => topicDefinition(topic).partitions)).size, name).toBeLessThanOrEqual(1)
    }
  })

  test('a topic that closes hops is read hop by hop, by all who read it', () => {
    const closing = stages.flatMap(({ outputs }) => outputs.filter(({ closesHops }) => closesHops))
    for (const { topic } of closing) {
      const inputs = stages.flatMap((stage) => stage.inputs.filter((input) => input.topic === topic))
      expect(inputs.length, topic).toBeGreaterThan(0)
      expect(new Set(inputs.map(({ role }) => role)), topic).toEqual(new Set(['hops']))
    }
  })
})
