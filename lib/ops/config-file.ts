import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { isPlainObject } from './canonical-json.ts'
import { ConfigError } from './config-error.ts'
import { type ConfigLayer, nearestHint, readSecret, readText, type SettingTree } from './config-layer.ts'
import { bareSchema, type SettingField, settingFields } from './setting-fields.ts'

/**
 * Settings of a YAML file. An empty section (`hops:` with every line commented out) is the same as none.
 *
 * @throws ConfigError when the file is unreadable, is not YAML or names something that is not a setting.
 */
export function fileLayer(schema: z.ZodType, file: string): ConfigLayer {
  // prettyErrors would quote the lines around the mistake, and such a line may hold a secret.
  const document = parseDocument(readText(file, `the configuration file ${file}`), { prettyErrors: false })
  const [error] = document.errors
  if (error !== undefined)
    throw new ConfigError([`${file} is not valid YAML at character ${error.pos[0]}: ${error.code}.`])
  const parsed: unknown = document.toJS() ?? {}
  if (!isPlainObject(parsed)) throw new ConfigError([`${file} must hold sections with settings, such as "hops:".`])
  return treeLayer(schema, parsed, () => file, dirname(file))
}

/** Settings given as a tree: what flags were turned into. Checked like a file. */
export function flagsLayer(schema: z.ZodType, values: SettingTree): ConfigLayer {
  return treeLayer(schema, values, () => 'command line', '.')
}

function treeLayer(schema: z.ZodType, given: SettingTree, source: () => string, folder: string): ConfigLayer {
  const values = structuredClone(given)
  const fields = settingFields(schema)
  const problems: string[] = []
  for (const field of fields.filter((candidate) => candidate.secret)) {
    const section = sectionOf(values, field.path)
    const name = field.path.at(-1)
    if (section === undefined || name === undefined || section[`${name}_file`] === undefined) continue
    const path = field.path.join('.')
    const file = section[`${name}_file`]
    delete section[`${name}_file`]
    if (section[name] !== undefined) problems.push(`${path} and ${path}_file are both set in ${source()}; keep one.`)
    else if (typeof file !== 'string') problems.push(`${path}_file in ${source()} must be the path of a file.`)
    else section[name] = readSecret(resolve(folder, file), `${path}_file`)
  }
  for (const { path } of fields.filter(({ isPath }) => isPath)) {
    const section = sectionOf(values, path)
    const name = path.at(-1)
    if (section === undefined || name === undefined) continue
    const file = section[name]
    if (typeof file === 'string' && file !== '') section[name] = resolve(folder, file)
  }
  dropUnset(schema, values)
  problems.push(...unknownKeys(schema, values, [], knownPaths(fields)))
  if (problems.length > 0) throw new ConfigError(problems)
  return { values, source }
}

/** Our own walk rather than zod's strictness: a section that forgot to be strict must not swallow a misspelt name. */
function unknownKeys(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly string[],
  known: ReadonlySet<string>,
): string[] {
  const bare = bareSchema(schema)
  if (bare instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((item, index) => unknownKeys(bare.element, item, [...path, String(index)], known))
  }
  if (!isPlainObject(value)) return []
  if (bare instanceof z.ZodRecord) {
    return Object.entries(value).flatMap(([key, item]) => unknownKeys(bare.valueType, item, [...path, key], known))
  }
  if (!(bare instanceof z.ZodObject)) return []
  return Object.entries(value).flatMap(([key, item]) => {
    const here = [...path, key]
    const member: z.core.$ZodType | undefined = Object.hasOwn(bare.shape, key) ? bare.shape[key] : undefined
    if (member !== undefined) return unknownKeys(member, item, here, known)
    const name = here.join('.')
    const siblings = Object.keys(bare.shape).map((sibling) => [...path, sibling].join('.'))
    return [`unknown setting \`${name}\`${nearestHint(name, new Set([...siblings, ...known]))}`]
  })
}

/** Everything that may be written in a file: settings, their `_file` forms and the sections above them. */
function knownPaths(fields: readonly SettingField[]): Set<string> {
  const known = new Set<string>()
  for (const field of fields) {
    for (let length = 1; length <= field.path.length; length++) known.add(field.path.slice(0, length).join('.'))
    if (field.secret) known.add(`${field.path.join('.')}_file`)
  }
  return known
}

function sectionOf(tree: SettingTree, path: readonly string[]): SettingTree | undefined {
  let section: unknown = tree
  for (const key of path.slice(0, -1)) section = isPlainObject(section) ? section[key] : undefined
  return isPlainObject(section) ? section : undefined
}

/** A section without a value (YAML null) and a flag that was not given (undefined) say nothing; a setting that is null does. */
function dropUnset(schema: z.core.$ZodType, values: SettingTree): void {
  const bare = bareSchema(schema)
  if (!(bare instanceof z.ZodObject)) return
  for (const [key, value] of Object.entries(values)) {
    const member: z.core.$ZodType | undefined = Object.hasOwn(bare.shape, key) ? bare.shape[key] : undefined
    const isSection = member !== undefined && bareSchema(member) instanceof z.ZodObject
    if (value === undefined || (value === null && isSection)) delete values[key]
    else if (member !== undefined && isPlainObject(value)) dropUnset(member, value)
  }
}
