import avro from 'avsc'
import { invalidSchema } from './registry-error.ts'

export interface AvroSchema {
  /** The schema as it is served: the JSON that was registered, without white space. */
  readonly text: string
  /** Equal for schemas that differ in white space and in the order of attributes only. */
  readonly identity: string
  readonly type: avro.Type
}

/** Parses a schema as the registry does, names and defaults included. Throws RegistryError 42201. */
export function parseSchema(text: unknown): AvroSchema {
  if (typeof text !== 'string' || text === '')
    throw invalidSchema('the field "schema" is not a string with a schema in it')
  try {
    const json: unknown = JSON.parse(text)
    // A registry of its own: types of one schema must not be visible to the next.
    const type = avro.Type.forSchema(json as avro.Schema, { registry: {}, noAnonymousTypes: true })
    return { text: JSON.stringify(json), identity: JSON.stringify(sortKeys(json)), type }
  } catch (error) {
    throw invalidSchema(error instanceof Error ? error.message : String(error))
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, nested]) => [key, sortKeys(nested)]))
}
