import { parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import { type ConfigLayer, nearestHint, readSecret, type SettingTree, setPath } from './config-layer.ts'
import { bareSchema, ENV_PREFIX, envNames, type SettingField, settingFields } from './setting-fields.ts'

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
    problems.push(`unknown environment variable ${name}${nearestHint(name, known)}`)
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
