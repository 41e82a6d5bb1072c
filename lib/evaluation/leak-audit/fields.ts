/** What one record says, by the name of the field: `client.asn`, `params.max_tokens is there`, `event_id: length`. */
export type Features = ReadonlyMap<string, Feature>

/** A number is ordered; a string is one of a kind. */
export type Feature = number | string

type Json = Readonly<Record<string, unknown>>

/** Absolute moments say when a campaign ran, not what its traffic is like: their parts are looked at instead. */
const TIMES: ReadonlySet<string> = new Set(['event_time', 'end_time', 'created_at'])

/**
 * The raw fields of an input record as features: numbers as they are; flags and strings as categories, and of a string also its
 * length and what stands before its first digit, which is what gives a generator's ids away; of a time its hour, minute, second and
 * millisecond; of a list its length; of text nothing but lengths, number and roles of messages. A field that is missing or null has no feature
 * here; who asks for its presence finds it missing.
 */
export function recordFeatures(record: Json): Features {
  const features = new Map<string, Feature>()
  flatten(record, '', features)
  features.delete('type')
  addDelays(record, features)
  return features
}

function flatten(value: unknown, path: string, features: Map<string, Feature>): void {
  if (value === null || value === undefined) return
  if (typeof value === 'number') features.set(path, value)
  else if (typeof value === 'boolean') features.set(path, String(value))
  else if (typeof value === 'string') addString(path, value, features)
  else if (Array.isArray(value)) addList(path, value, features)
  else if (typeof value === 'object') {
    for (const [name, field] of Object.entries(value)) {
      if (name === 'content' && path === '') addContent(field, features)
      else if (name !== 'sketch') flatten(field, path === '' ? name : `${path}.${name}`, features)
    }
  }
}

function addString(path: string, text: string, features: Map<string, Feature>): void {
  if (TIMES.has(path)) {
    const time = new Date(text)
    features.set(`${path}: hour`, time.getUTCHours())
    features.set(`${path}: minute`, time.getUTCMinutes())
    features.set(`${path}: second`, time.getUTCSeconds())
    features.set(`${path}: millisecond`, time.getUTCMilliseconds())
    features.set(`${path}: characters`, text.length)
    return
  }
  features.set(path, text)
  features.set(`${path}: length`, text.length)
  features.set(`${path}: prefix`, /^[^0-9]*/.exec(text)![0])
}

function addList(path: string, list: readonly unknown[], features: Map<string, Feature>): void {
  features.set(`${path}: length`, list.length)
  if (path === 'contract_flags') features.set(path, list.join(' '))
}

const ROLES_MAX = 6

function addContent(content: unknown, features: Map<string, Feature>): void {
  if (content === null || typeof content !== 'object') return
  const { system, messages, output, reasoning_signatures } = content as Json
  if (typeof system === 'string') features.set('content.system: length', system.length)
  if (typeof output === 'string') features.set('content.output: length', output.length)
  if (Array.isArray(reasoning_signatures))
    features.set('content.reasoning_signatures: length', reasoning_signatures.length)
  if (!Array.isArray(messages)) return
  const lengths = messages.map((message: Json) => textLength(message.content))
  features.set('content.messages: number', messages.length)
  features.set(
    'content.messages: length',
    lengths.reduce((sum, length) => sum + length, 0),
  )
  features.set('content.messages: length of the last', lengths.at(-1) ?? 0)
  const roles = messages.map((message: Json) => String(message.role))
  features.set('content.messages: last roles', roles.slice(-ROLES_MAX).join(' '))
  features.set(
    'content.messages: form',
    messages.some((message: Json) => Array.isArray(message.content)) ? 'parts' : 'string',
  )
}

function textLength(content: unknown): number {
  if (typeof content === 'string') return content.length
  if (!Array.isArray(content)) return 0
  return content.reduce((sum: number, part: Json) => sum + (typeof part.text === 'string' ? part.text.length : 0), 0)
}

/** What two times of one record say together. */
function addDelays({ event_time, end_time, created_at, response }: Json, features: Map<string, Feature>): void {
  if (typeof event_time !== 'string') return
  const event_ms = Date.parse(event_time)
  if (typeof created_at === 'string') features.set('event_time - created_at', event_ms - Date.parse(created_at))
  if (typeof end_time !== 'string') return
  const took_ms = Date.parse(end_time) - event_ms
  features.set('end_time - event_time', took_ms)
  const latency_ms = (response as Json | undefined)?.latency_ms
  if (typeof latency_ms === 'number') features.set('end_time - event_time - latency', took_ms - latency_ms)
}
