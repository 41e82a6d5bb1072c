import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson, isPlainObject } from './canonical-json.ts'
import { environmentLayer } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import { fileLayer, flagsLayer } from './config-file.ts'
import { type ConfigLayer, type SettingTree, setPath } from './config-layer.ts'
import { bareSchema, settingFields, typeName } from './setting-fields.ts'

export interface ConfigSources {
  /** Path of a YAML file; without it no file is read. */
  readonly file?: string
  readonly env: NodeJS.ProcessEnv
  /** Settings from the command line, as a partial configuration; an undefined member is one that was not given. */
  readonly flags?: SettingTree
}

/**
 * The configuration in force: flags beat the environment, that beats the file, that beats the defaults of the schema.
 * A list is replaced as a whole, never merged. The schema is one zod object whose members are sections.
 *
 * @throws ConfigError with one sentence per wrong setting: an unknown name and the nearest known one; or the path, the
 *   value (masked when secret), where it was written, and what is expected.
 */
export function loadConfig<Schema extends z.ZodObject>(schema: Schema, sources: ConfigSources): z.output<Schema> {
  const layers = [flagsLayer(schema, sources.flags ?? {}), environmentLayer(schema, sources.env)]
  if (sources.file !== undefined) layers.push(fileLayer(schema, sources.file))
  const merged = layers.reduceRight<SettingTree>((tree, layer) => merge(tree, layer.values), {})
  const result = schema.safeParse(merged)
  if (result.success) return result.data
  throw new ConfigError(result.error.issues.map((issue) => problem(schema, issue, merged, layers)))
}

const MASK = '(secret)'
const PUBLISHED_MASK = '(secret: published default)'

/** The same configuration for human eyes: secrets, and the credentials inside addresses, are replaced by words. */
export function describeConfig(schema: z.ZodObject, config: SettingTree): SettingTree {
  const shown: SettingTree = {}
  for (const field of settingFields(schema)) {
    const value = valueAt(config, field.path)
    if (value === undefined) continue
    const mask = value === field.defaultValue ? PUBLISHED_MASK : MASK
    // An empty secret is one that was not given.
    setPath(shown, field.path, field.secret && value !== '' ? mask : withoutCredentials(value))
  }
  return shown
}

/**
 * Names a set of settings: 16 hex digits of the SHA-256 of their canonical JSON. The order of members does not matter,
 * every value does. Give it only what affects the result that carries the hash.
 */
export function configHash(settings: unknown): string {
  return createHash('sha256').update(canonicalJson(settings)).digest('hex').slice(0, 16)
}

/** Hides user and password of `scheme://user:password@host` in any text of a plain value. */
export function withoutCredentials(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/:\/\/[^\s/]*@/g, '://***@')
  if (Array.isArray(value)) return value.map(withoutCredentials)
  if (isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutCredentials(item)]))
  }
  return value
}

function merge(below: SettingTree, above: SettingTree): SettingTree {
  const merged: SettingTree = { ...below }
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key]
    merged[key] = isPlainObject(under) && isPlainObject(value) ? merge(under, value) : value
  }
  return merged
}

function problem(schema: z.ZodObject, issue: z.core.$ZodIssue, merged: SettingTree, layers: ConfigLayer[]): string {
  const path = issue.path.map(String)
  const field = settingFields(schema).find((candidate) => candidate.path.every((key, index) => key === path[index]))
  const where = layers
    .find((layer) => valueAt(layer.values, field?.path ?? path) !== undefined)
    ?.source(field?.path ?? path)
  const given = valueAt(merged, path)
  const value = field?.secret && given !== undefined && given !== '' ? MASK : printable(given)
  const source = where === undefined ? '' : ` (${where})`
  return `${path.join('.')} is ${value}${source}; expected ${expectation(schema, path, issue)}`
}

function expectation(schema: z.ZodObject, path: readonly string[], issue: z.core.$ZodIssue): string {
  const target = schemaAt(schema, path)
  const saysItself = target instanceof z.ZodNumber || target instanceof z.ZodBoolean || target instanceof z.ZodEnum
  if (target !== undefined && (saysItself || issue.code === 'invalid_type')) return typeName(target)
  // Our own messages are phrased to follow "expected"; zod's are "Too big: expected ...".
  return issue.message.replace(/^.*\bexpected /, '')
}

function schemaAt(schema: z.core.$ZodType, path: readonly string[]): z.core.$ZodType | undefined {
  const bare = bareSchema(schema)
  const [key, ...rest] = path
  if (key === undefined) return bare
  if (bare instanceof z.ZodObject) {
    const member: z.core.$ZodType | undefined = bare.shape[key]
    return member === undefined ? undefined : schemaAt(member, rest)
  }
  if (bare instanceof z.ZodArray) return schemaAt(bare.element, rest)
  if (bare instanceof z.ZodRecord) return schemaAt(bare.valueType, rest)
  return undefined
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  let value = tree
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)]
    else if (isPlainObject(value)) value = value[key]
    else return undefined
  }
  return value
}

const PRINTED_CHARS_MAX = 80

function printable(value: unknown): string {
  if (value === undefined) return 'not set'
  // A whole section may hold secrets; its name says enough.
  if (isPlainObject(value)) return 'a section'
  const text = JSON.stringify(withoutCredentials(value))
  return text.length > PRINTED_CHARS_MAX ? `${text.slice(0, PRINTED_CHARS_MAX)}…` : text
}
