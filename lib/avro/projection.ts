import type { Fields } from '../../schemas/fields.ts'
import { type TopicName, topicDefinition } from '../../schemas/topics.ts'
import type { TopicValues } from '../../schemas/values.ts'
import { localSchema, parseSchema, type Type } from './record-types.ts'

interface RecordSchema {
  readonly name: string
  readonly fields: readonly { readonly name: string; readonly type: unknown }[]
}

/**
 * The local schema of a topic's values with the chosen fields alone. A reader with fewer fields is compatible with every
 * writer that the whole one is compatible with (Avro, "Schema Resolution"), and skips the others without making values.
 */
export function projectedType<Topic extends TopicName>(topic: Topic, chosen: Fields<TopicValues[Topic]>): Type {
  const schema: RecordSchema = JSON.parse(localSchema(topic))
  return parseSchema(JSON.stringify(choose(schema, chosen, topicDefinition(topic).schema)))
}

function choose(schema: RecordSchema, chosen: object, place: string): RecordSchema {
  const fields = Object.entries(chosen).map(([name, wanted]) => {
    const field = schema.fields.find((each) => each.name === name)
    if (!field) throw new Error(`${place} has no field ${name}`)
    return wanted === true ? field : { ...field, type: chooseIn(field.type, wanted, `${place}.${name}`) }
  })
  return { ...schema, fields }
}

/** Goes through a nullable type or a list to the record in it. */
function chooseIn(type: unknown, chosen: object, place: string): unknown {
  if (Array.isArray(type)) return type.map((branch) => (branch === 'null' ? branch : chooseIn(branch, chosen, place)))
  const named = type as { type: string; items?: unknown }
  if (named.type === 'array') return { ...named, items: chooseIn(named.items, chosen, place) }
  return choose(type as RecordSchema, chosen, place)
}
