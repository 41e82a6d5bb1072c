import { readFileSync } from 'node:fs'
import { join } from 'node:path'
// avsc is CommonJS whose named exports Node cannot see: `import { Type }` type-checks and fails at run time.
import avro, { type Resolver, type Schema, type Type } from 'avsc'
import { SCHEMAS_FOLDER } from '../../schemas/folder.ts'
import { type TopicName, topicDefinition } from '../../schemas/topics.ts'

export type { Resolver, Type }

const types = new Map<string, Type>()

/** The local schema of a topic's values as JSON text: what this version writes, and reads into. */
export function localSchema(topic: TopicName): string {
  return readFileSync(join(SCHEMAS_FOLDER, `${topicDefinition(topic).schema}.avsc`), 'utf8')
}

/** The local schema of a topic's values, parsed once. */
export function localType(topic: TopicName): Type {
  const { schema } = topicDefinition(topic)
  const known = types.get(schema)
  if (known) return known
  const type = parseSchema(localSchema(topic))
  types.set(schema, type)
  return type
}

/** Parses an Avro schema. Throws on JSON or a schema that is not one. */
export function parseSchema(text: string): Type {
  const schema: Schema = JSON.parse(text)
  return avro.Type.forSchema(schema)
}
