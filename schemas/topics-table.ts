import { TOPIC_NAMES, type TopicDefinition, topicDefinition } from './topics.ts'

const HEAD = ['topic', 'key', 'value', 'partitions', 'kept', 'compatibility', 'written by', 'read by', 'holds']
const DAY_MS = 86_400_000

/** The map of topics as a Markdown table, in the order of `TOPICS`. */
export function topicsTable(): string {
  const rows = TOPIC_NAMES.map((name) => [code(name), ...cells(topicDefinition(name))])
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

function cells(definition: TopicDefinition): string[] {
  const { key, schema, partitions, compatibility, writer, readers, purpose } = definition
  return [
    code(key),
    code(`${schema}.avsc`),
    partitions === 'many' ? 'P' : String(partitions),
    kept(definition),
    compatibility,
    writer,
    readers.join(', ') || '-',
    purpose,
  ]
}

function kept({ cleanup, retention_ms }: TopicDefinition): string {
  if (cleanup === 'compact') return 'last of each key'
  return retention_ms === undefined ? "the broker's default" : `${retention_ms / DAY_MS} days`
}

function code(text: string): string {
  return `\`${text}\``
}
