import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { isPlainObject } from './canonical-json.ts'
import { ConfigError } from './config-error.ts'
import { nearestName } from './nearest.ts'
import { bareSchema, ENV_PREFIX, envNames, type SettingField, settingFields } from './setting-fields.ts'

export type SettingTree = Record<string, unknown>

/** What one source says. Layers are merged in order of precedence; each is checked for unknown names by itself. */
export interface ConfigLayer {
  readonly values: SettingTree
  /** Where a setting of this layer was written, for error messages. */
  readonly source: (path: readonly string[]) => string
}

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

/**
 * Settings of the environment: HYDRAWATCH_<SECTION>_<NAME>, and the conventional names that a setting declares. Lists
 * are separated by commas, structures are YAML. An empty variable counts as unset, because compose files and charts
 * pass one for what was left out.
 *
 * @throws ConfigError for a HYDRAWATCH_ variable that is no setting.
 */
export function environmentLayer(schema: z.ZodType, env: NodeJS.ProcessEnv): ConfigLayer {
  const fields = settingFields(schema)
  const known = new Set(fields.flatMap(envNames))
  const problems: string[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || known.has(name) || !value || isServiceLink(name, value)) continue
    problems.push(`unknown environment variable ${name}${hint(nearestName(name, known))}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)

  const values: SettingTree = {}
  const sources = new Map<string, string>()
  for (const field of fields) {
    const set = envNames(field).filter((name) => env[name])
    const [name] = set
    if (name === undefined) continue
    const fileName = set.find((candidate) => field.secret && candidate.endsWith('_FILE'))
    if (fileName !== undefined && set.length > 1)
      throw new ConfigError([`${set.join(' and ')} are both set; keep one.`])
    const text = env[name] ?? ''
    setPath(values, field.path, fileName === undefined ? fromText(field, text) : readSecret(text, fileName))
    sources.set(field.path.join('.'), name)
  }
  return { values, source: (path) => sources.get(path.join('.')) ?? 'environment' }
}

/** A text from outside as the type that the setting wants. What does not fit stays text, and validation names it. */
export function fromText(field: SettingField, text: string): unknown {
  const { schema } = field
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return text
  if (schema instanceof z.ZodNumber)
    return /^[+-]?(\d[\d_]*)(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text.replaceAll('_', '')) : text
  if (schema instanceof z.ZodBoolean) return text === 'true' ? true : text === 'false' ? false : text
  if (schema instanceof z.ZodArray && bareSchema(schema.element) instanceof z.ZodString) {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }
  const document = parseDocument(text, { prettyErrors: false })
  return document.errors.length > 0 ? text : document.toJS()
}

export function setPath(tree: SettingTree, path: readonly string[], value: unknown): void {
  let section = tree
  for (const key of path.slice(0, -1)) {
    const next = section[key]
    const child: SettingTree = isPlainObject(next) ? next : {}
    section[key] = child
    section = child
  }
  const last = path.at(-1)
  if (last !== undefined) section[last] = value
}

export function unknownSetting(path: string, known: Iterable<string>): string {
  return `unknown setting \`${path}\`${hint(nearestName(path, known))}`
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
    const siblings = Object.keys(bare.shape).map((name) => [...path, name].join('.'))
    return [unknownSetting(here.join('.'), new Set([...siblings, ...known]))]
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

/**
 * Kubernetes puts HYDRAWATCH_SERVICE_HOST, HYDRAWATCH_PORT_9092_TCP and their like into every pod next to a Service
 * called hydrawatch or hydrawatch-anything. Nobody wrote them, so they are no mistake.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /^(tcp|udp|sctp):\/\//.test(value) ||
    /_PORT_\d+_(TCP|UDP|SCTP)_(PROTO|PORT|ADDR)$/.test(name)
  )
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

function readSecret(file: string, name: string): string {
  // Editors and `echo` end a file with a line break that is no part of the secret.
  return readText(file, `the file of ${name}`).replace(/\r?\n$/, '')
}

function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ConfigError([`cannot read ${what} at ${resolve(file)} (${reason}); check the path and its permissions.`])
  }
}

function hint(name: string | undefined): string {
  return name === undefined ? '; `hydrawatch config --markdown` lists all.' : `; did you mean \`${name}\`?`
}
