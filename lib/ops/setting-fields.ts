import { z } from 'zod'
import { InvariantViolated } from './errors.ts'

/** One setting of a schema: a value that is not itself a section. */
export interface SettingField {
  /** Path inside the configuration, such as ['hops', 'length_ms']. */
  readonly path: readonly string[]
  /** Without its default and optional wrappers. */
  readonly schema: z.core.$ZodType
  readonly description: string
  /** Undefined when the setting has none. */
  readonly defaultValue: unknown
  /** Masked in every print, and also accepted as `<name>_file`. */
  readonly secret: boolean
  /** A path: in a configuration file it is relative to that file. */
  readonly isPath: boolean
  /** Environment variables that set it; the first one present wins. */
  readonly env: readonly string[]
}

export const ENV_PREFIX = 'HYDRAWATCH_'

/**
 * Every setting of a schema, in the order of its definition.
 *
 * @throws InvariantViolated when two settings would answer to the same environment variable.
 */
export function settingFields(schema: z.core.$ZodType): SettingField[] {
  const fields = [...walk(schema, [])]
  const owner = new Map<string, string>()
  for (const field of fields) {
    for (const name of envNames(field)) {
      const path = field.path.join('.')
      const other = owner.get(name)
      if (other !== undefined) {
        throw new InvariantViolated(`${name} would set both ${other} and ${path}; rename one of the two settings.`)
      }
      owner.set(name, path)
    }
  }
  return fields
}

/** All variables of a field: its own and, for a secret, the one that names a file. */
export function envNames(field: SettingField): string[] {
  return field.secret ? [...field.env, `${envName(field.path)}_FILE`] : [...field.env]
}

/** The schema below defaults, optionals and read-only marks: what decides whether a value is a section, a list, a number. */
export function bareSchema(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema
  for (let next = wrapped(inner); next !== undefined; next = wrapped(inner)) inner = next
  return inner
}

/** What a setting accepts, in words that fit after "expected": `integer from 1 to 100`, `one of info, warn`. */
export function typeName(schema: z.core.$ZodType): string {
  const bare = bareSchema(schema)
  if (bare instanceof z.ZodNumber) return (bare.isInt ? 'integer' : 'number') + rangeName(bare)
  if (bare instanceof z.ZodBoolean) return 'true or false'
  if (bare instanceof z.ZodEnum) return `one of ${bare.options.join(', ')}`
  if (bare instanceof z.ZodLiteral) return [...bare.values].map((value) => JSON.stringify(value)).join(' or ')
  if (bare instanceof z.ZodArray) return `list of ${typeName(bare.element)}`
  if (bare instanceof z.ZodRecord) return `map of ${typeName(bare.valueType)}`
  if (bare instanceof z.ZodUnion) return bare.options.map(typeName).join(' or ')
  if (bare instanceof z.ZodObject) return 'section'
  return bare._zod.def.type
}

function* walk(schema: z.core.$ZodType, path: readonly string[]): Generator<SettingField> {
  const bare = bareSchema(schema)
  if (bare instanceof z.ZodObject) {
    for (const [key, member] of Object.entries(bare.shape)) yield* walk(member, [...path, key])
    return
  }
  const { description, secret, path: isPath, env } = metadata(schema)
  yield {
    path,
    schema: bare,
    description: description ?? '',
    defaultValue: defaultValue(schema),
    secret: secret === true,
    isPath: isPath === true,
    env: [envName(path), ...(typeof env === 'string' ? [env] : [])],
  }
}

function wrapped(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    return schema.unwrap()
  }
  return undefined
}

/** `.describe()` and `.meta()` may stand before or after `.default()`; the outermost wins. */
function metadata(schema: z.core.$ZodType): z.core.GlobalMeta {
  const inner = wrapped(schema)
  return { ...(inner === undefined ? {} : metadata(inner)), ...z.globalRegistry.get(schema) }
}

function defaultValue(schema: z.core.$ZodType): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return schema.def.defaultValue
  const inner = wrapped(schema)
  return inner === undefined ? undefined : defaultValue(inner)
}

function envName(path: readonly string[]): string {
  return (
    ENV_PREFIX +
    path
      .join('_')
      .replace(/[^A-Za-z0-9]/g, '_')
      .toUpperCase()
  )
}

function rangeName(schema: z.ZodNumber): string {
  const min = limit(schema.minValue)
  const max = limit(schema.maxValue)
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  if (max !== undefined) return ` of at most ${max}`
  return ''
}

/** `int()` bounds a number by what a double holds exactly, which is no news to anybody. */
function limit(value: number | null): number | undefined {
  return value !== null && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined
}
