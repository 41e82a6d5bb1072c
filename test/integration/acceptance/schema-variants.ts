import { localSchema } from '../../../lib/avro/record-types.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import type { Cluster } from '../runtime/cluster.ts'

/** Registers a topic's schema with changes, as another version of us would have it; gives its id. */
export async function registerVariant(
  { registryUrl, prefix }: Pick<Cluster, 'registryUrl' | 'prefix'>,
  topic: TopicName,
  changes: Readonly<Record<string, unknown>>,
): Promise<number> {
  const schema = JSON.stringify({ ...JSON.parse(localSchema(topic)), ...changes })
  const response = await fetch(`${registryUrl}/subjects/${encodeURIComponent(`${prefix}${topic}-value`)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  })
  const { id, message } = (await response.json()) as { id?: number; message?: string }
  if (id === undefined) throw new Error(`the registry refused a variant of ${topic}: ${message}`)
  return id
}
