/**
 * What a task writes beside each offset that it commits (the `metadata` of TxnOffsetCommit, KIP-98), so that everybody who
 * may read the group's offsets can tell how far it is in event time, and since when. At most 4,096 bytes by a broker's
 * default (`offset.metadata.max.bytes`); this is about a hundred.
 */
export interface CommitNote {
  /** Last hop closed. */
  readonly hop: number
  /** End of that hop, epoch ms. */
  readonly event_time_ms: number
  /** Clock of the process when it committed, epoch ms. */
  readonly committed_ms: number
  /** Everything known to be written had been read, and no complete hop was left. */
  readonly caught_up: boolean
}

export function encodeCommitNote({ hop, event_time_ms, committed_ms, caught_up }: CommitNote): string {
  return JSON.stringify({ hop, event_time_ms, committed_ms, caught_up })
}

/** Null for what is no note of ours: another tool has set the group's offsets, or an older version has. */
export function decodeCommitNote(metadata: string | null): CommitNote | null {
  if (!metadata) return null
  try {
    const { hop, event_time_ms, committed_ms, caught_up }: Record<string, unknown> = JSON.parse(metadata) ?? {}
    if (!isWhole(hop) || !isWhole(event_time_ms) || !isWhole(committed_ms) || typeof caught_up !== 'boolean')
      return null
    return { hop, event_time_ms, committed_ms, caught_up }
  } catch {
    return null
  }
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}
