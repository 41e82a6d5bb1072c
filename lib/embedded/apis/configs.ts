import { Refused, refusalOf } from '../errors.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { BrokerState, Handler } from '../request.ts'
import type { DescribedSetting } from '../topic-config.ts'

const RESOURCE = { topic: 2, broker: 4 } as const
/** Where a value comes from, KIP-226. */
const SOURCE = { topic: 1, default: 5 } as const

export const describeConfigs: Handler = (request, response, version, { broker }) => {
  const resources = request.array(() => ({
    type: request.int8(),
    name: request.string(),
    names: request.nullableArray(() => request.string()),
  }))
  const wantsSynonyms = version >= 1 && request.boolean()
  response.int32(0).array(resources, ({ type, name, names }) => {
    let settings: DescribedSetting[] = []
    const refusal = refusalOf(() => {
      settings = settingsOf(broker, type, name)
    })
    response.int16(refusal?.errorCode ?? ErrorCode.NONE).string(refusal?.message ?? null)
    response.int8(type).string(name)
    const asked = settings.filter((setting) => names === null || names.includes(setting.name))
    response.array(asked, (setting) => {
      response.string(setting.name).string(setting.value).boolean(false)
      if (version >= 1) response.int8(setting.isOverride ? SOURCE.topic : SOURCE.default)
      else response.boolean(!setting.isOverride)
      response.boolean(false) // nothing here is secret
      if (version < 1) return
      response.array(wantsSynonyms ? synonymsOf(setting) : [], (synonym) => {
        response.string(setting.name).string(synonym.value).int8(synonym.source)
      })
    })
  })
  return 'respond'
}

/** Replaces all overrides of a topic, as this request does on Kafka: what is not named returns to its default. */
export const alterConfigs: Handler = (request, response, _version, { broker }) => {
  const resources = request.array(() => ({
    type: request.int8(),
    name: request.string(),
    overrides: new Map(request.array(() => [request.string(), request.nullableString()] as const)),
  }))
  const isDryRun = request.boolean()
  response.int32(0).array(resources, ({ type, name, overrides }) => {
    const refusal = refusalOf(() => {
      if (type !== RESOURCE.topic) {
        throw new Refused(ErrorCode.INVALID_REQUEST, 'the embedded broker takes its own settings at the start only')
      }
      broker.topics.configure(name, overrides, isDryRun)
    })
    response.int16(refusal?.errorCode ?? ErrorCode.NONE).string(refusal?.message ?? null)
    response.int8(type).string(name)
  })
  return 'respond'
}

function settingsOf(broker: BrokerState, type: number, name: string): DescribedSetting[] {
  if (type === RESOURCE.broker) return []
  if (type !== RESOURCE.topic)
    throw new Refused(ErrorCode.INVALID_REQUEST, `resource type ${type} has no settings here`)
  const topic = broker.topics.get(name)
  if (!topic) throw new Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `topic '${name}' does not exist`)
  return topic.config.describe()
}

function synonymsOf(setting: DescribedSetting): { value: string; source: number }[] {
  const preset = { value: setting.default, source: SOURCE.default }
  return setting.isOverride ? [{ value: setting.value, source: SOURCE.topic }, preset] : [preset]
}
