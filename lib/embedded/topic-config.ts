import { Refused } from './errors.ts'
import type { CompactionPolicy } from './log/compaction.ts'
import type { BatchRules } from './log/incoming-batch.ts'
import type { RetentionPolicy } from './log/retention.ts'
import { ErrorCode } from './protocol/error-codes.ts'

const LONG_MAX = '9223372036854775807'

/**
 * The topic settings of Apache Kafka 4 with its defaults. Settings that steer segments, replication or tiering are
 * accepted and described, so that one topic definition serves both brokers, and have no effect here.
 * Source: https://kafka.apache.org/documentation/#topicconfigs
 */
const DEFAULTS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'compression.gzip.level': '-1',
  'compression.lz4.level': '9',
  'compression.type': 'producer',
  'compression.zstd.level': '3',
  'delete.retention.ms': '86400000',
  'errors.deadletterqueue.group.enable': 'false',
  'file.delete.delay.ms': '60000',
  'flush.messages': LONG_MAX,
  'flush.ms': LONG_MAX,
  'follower.replication.throttled.replicas': '',
  'index.interval.bytes': '4096',
  'leader.replication.throttled.replicas': '',
  'local.retention.bytes': '-2',
  'local.retention.ms': '-2',
  'max.compaction.lag.ms': LONG_MAX,
  'max.decompressed.message.bytes': '2147483639',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '3600000',
  'message.timestamp.before.max.ms': LONG_MAX,
  'message.timestamp.type': 'CreateTime',
  'min.cleanable.dirty.ratio': '0.5',
  'min.compaction.lag.ms': '0',
  'min.insync.replicas': '1',
  preallocate: 'false',
  'remote.copy.lag.bytes': '-1',
  'remote.copy.lag.ms': '0',
  'remote.log.copy.disable': 'false',
  'remote.log.delete.on.disable': 'false',
  'remote.storage.enable': 'false',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
  'segment.bytes': '1073741824',
  'segment.index.bytes': '10485760',
  'segment.jitter.ms': '0',
  'segment.ms': '604800000',
  'unclean.leader.election.enable': 'false',
}

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'cleanup.policy': ['delete', 'compact', 'compact,delete', 'delete,compact'],
  'compression.type': ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'],
  'message.timestamp.type': ['CreateTime', 'LogAppendTime'],
}

export interface DescribedSetting {
  readonly name: string
  readonly value: string
  readonly default: string
  readonly isOverride: boolean
}

/** A topic's settings: what was given at its creation or altered since, over the defaults. */
export class TopicConfig {
  readonly overrides: ReadonlyMap<string, string>
  readonly #defaults: Readonly<Record<string, string>>
  readonly rules: BatchRules
  readonly isCompacted: boolean
  readonly isDeleted: boolean
  readonly compaction: CompactionPolicy
  readonly retention: RetentionPolicy

  /** Throws Refused (INVALID_CONFIG) for an unknown name or a value out of range. */
  constructor(overrides: ReadonlyMap<string, string | null>, messageBytes_max: number) {
    this.#defaults = { ...DEFAULTS, 'max.message.bytes': String(messageBytes_max) }
    const given = [...overrides].filter((entry): entry is [string, string] => entry[1] !== null)
    for (const [name, value] of given) checkSetting(name, value)
    this.overrides = new Map(given)

    const policies = this.#text('cleanup.policy').split(',')
    this.isCompacted = policies.includes('compact')
    this.isDeleted = policies.includes('delete')
    this.rules = {
      messageBytes_max: this.#number('max.message.bytes'),
      isCompacted: this.isCompacted,
      isLogAppendTime: this.#text('message.timestamp.type') === 'LogAppendTime',
      timestampBefore_max_ms: this.#number('message.timestamp.before.max.ms'),
      timestampAfter_max_ms: this.#number('message.timestamp.after.max.ms'),
    }
    this.compaction = {
      deleteRetention_ms: this.#number('delete.retention.ms'),
      compactionLag_min_ms: this.#number('min.compaction.lag.ms'),
      dirtyRatio_min: this.#number('min.cleanable.dirty.ratio'),
    }
    this.retention = {
      retention_ms: unlimitedIfNegative(this.#number('retention.ms')),
      retention_bytes: unlimitedIfNegative(this.#number('retention.bytes')),
    }
  }

  describe(): DescribedSetting[] {
    return Object.entries(this.#defaults).map(([name, preset]) => ({
      name,
      value: this.overrides.get(name) ?? preset,
      default: preset,
      isOverride: this.overrides.has(name),
    }))
  }

  #text(name: string): string {
    return this.overrides.get(name) ?? this.#defaults[name] ?? ''
  }

  #number(name: string): number {
    return Number(this.#text(name))
  }
}

function checkSetting(name: string, value: string): void {
  const preset = DEFAULTS[name]
  if (preset === undefined) throw invalid(`unknown topic config name: ${name}`)
  const choices = CHOICES[name]
  if (choices) {
    if (!choices.includes(value.replaceAll(' ', '')))
      throw invalid(`${name} is one of ${choices.join(' | ')}, not ${value}`)
    return
  }
  if (preset === '' || preset === 'false') return
  const number = Number(value)
  const minimum = preset.startsWith('-') || name === 'retention.ms' ? -2 : 0
  if (value.trim() === '' || !Number.isFinite(number) || number < minimum)
    throw invalid(`${name} is a number, not ${value}`)
}

function unlimitedIfNegative(limit: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}

function invalid(reason: string): Refused {
  return new Refused(ErrorCode.INVALID_CONFIG, reason)
}
