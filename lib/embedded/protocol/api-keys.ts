/** An API of the Kafka protocol with the versions, both inclusive, that this broker reads and writes. */
export interface ApiVersions {
  readonly key: number
  readonly min: number
  readonly max: number
}

/**
 * Everything the broker answers: the versions that kafkajs 2.2.4 can send, plus FindCoordinator v0 and CreateTopics v4,
 * which other clients want. No flexible versions (KIP-482): no client that we serve negotiates one.
 */
export const API_VERSIONS = {
  produce: { key: 0, min: 3, max: 7 },
  fetch: { key: 1, min: 4, max: 11 },
  listOffsets: { key: 2, min: 1, max: 3 },
  metadata: { key: 3, min: 1, max: 6 },
  offsetCommit: { key: 8, min: 2, max: 5 },
  offsetFetch: { key: 9, min: 1, max: 4 },
  findCoordinator: { key: 10, min: 0, max: 2 },
  joinGroup: { key: 11, min: 2, max: 5 },
  heartbeat: { key: 12, min: 0, max: 3 },
  leaveGroup: { key: 13, min: 0, max: 3 },
  syncGroup: { key: 14, min: 0, max: 3 },
  describeGroups: { key: 15, min: 0, max: 2 },
  listGroups: { key: 16, min: 0, max: 2 },
  apiVersions: { key: 18, min: 0, max: 2 },
  createTopics: { key: 19, min: 0, max: 4 },
  deleteTopics: { key: 20, min: 0, max: 1 },
  deleteRecords: { key: 21, min: 0, max: 1 },
  initProducerId: { key: 22, min: 0, max: 1 },
  addPartitionsToTxn: { key: 24, min: 0, max: 1 },
  addOffsetsToTxn: { key: 25, min: 0, max: 1 },
  endTxn: { key: 26, min: 0, max: 1 },
  txnOffsetCommit: { key: 28, min: 0, max: 1 },
  describeConfigs: { key: 32, min: 0, max: 2 },
  alterConfigs: { key: 33, min: 0, max: 1 },
  createPartitions: { key: 37, min: 0, max: 1 },
  deleteGroups: { key: 42, min: 0, max: 1 },
} as const satisfies Record<string, ApiVersions>

export type ApiName = keyof typeof API_VERSIONS

const namesByKey = new Map<number, ApiName>(
  (Object.keys(API_VERSIONS) as ApiName[]).map((name) => [API_VERSIONS[name].key, name]),
)

/** The API behind a wire key, or undefined when this broker does not have it. */
export function apiNameOf(key: number): ApiName | undefined {
  return namesByKey.get(key)
}
