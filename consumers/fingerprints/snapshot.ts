import type { CountedList } from '../../lib/sketch/heavy-hitters.ts'
import type { Fingerprint, FingerprintWindow, SnapshotReason } from '../../schemas/types.ts'
import { type AccountState, contextOf, segmentOf } from './account.ts'
import { COUNTER_INDEX as AT, cueCounts } from './counters.ts'
import { type Pane, PaneSum } from './pane.ts'
import type { Window } from './pane-rings.ts'
import type { FingerprintsIntervals, FingerprintsSettings } from './settings.ts'

// A cue class is prominent in a pane when at least half of its requests show it.
const PROMINENT_SHARE_MIN = 0.5

/** Cue classes prominent in a pane, one bit each. */
export function profileOf(pane: Pane): number {
  const sketched = pane.counts[AT.sketched] ?? 0
  return cueCounts(pane.counts).reduce(
    (bits, count, cue) => (sketched > 0 && count / sketched >= PROMINENT_SHARE_MIN ? bits | (1 << cue) : bits),
    0,
  )
}

/** Why an account deserves a snapshot after this hop; null when it does not (DESIGN §2: as sparing as can be). */
export function snapshotReason(
  state: AccountState,
  hop: number,
  pane: Pane | null,
  lifecycleChanged: boolean,
  { snapshot_growth_ratio }: FingerprintsSettings,
  { snapshot_hops }: FingerprintsIntervals,
): SnapshotReason | null {
  const { snapshot } = state
  if (state.requests === 0) return null
  if (snapshot === null) return 'first'
  if (lifecycleChanged) return 'change'
  if (pane === null) return null
  if (state.requests >= snapshot.requests * snapshot_growth_ratio) return 'growth'
  if ((profileOf(pane) & ~snapshot.profile) !== 0) return 'change'
  return hop - snapshot.hop >= snapshot_hops ? 'interval' : null
}

/** The snapshot itself: the account's sliding windows as of the end of a hop. `sum` is memory to merge them in. */
export function takeSnapshot(
  state: AccountState,
  hop: number,
  end_ms: number,
  hop_ms: number,
  reason: SnapshotReason,
  windows: readonly Window[],
  sum: PaneSum = new PaneSum(),
): Fingerprint {
  const contents = [...new Set(windows.map(({ content }) => content))]
  const lengths = windows.map(({ hops, content }) => ({ window_ms: hops * hop_ms, place: contents.indexOf(content) }))
  return {
    account_id: state.account_id,
    hop,
    event_time_ms: end_ms,
    reason,
    segment: segmentOf(state.facts, end_ms),
    context: contextOf(state),
    facts: state.facts,
    status: state.status,
    windows: contents.map((content, place) =>
      windowOf(content.merged(sum), lengths.find((length) => length.place === place)!.window_ms),
    ),
    lengths,
  }
}

function windowOf(pane: Pane, window_ms: number): FingerprintWindow {
  const count = (index: number) => pane.counts[index] ?? 0
  return {
    window_ms,
    requests: count(AT.requests),
    sketched: count(AT.sketched),
    errors: count(AT.errors),
    rate_limited: count(AT.rate_limited),
    refusals: count(AT.refusals),
    input_tokens: count(AT.input_tokens),
    cache_read_tokens: count(AT.cache_read_tokens),
    output_tokens: count(AT.output_tokens),
    reasoning_tokens: count(AT.reasoning_tokens),
    streamed: count(AT.streamed),
    with_system: count(AT.with_system),
    with_tools: count(AT.with_tools),
    with_images: count(AT.with_images),
    logprob_requests: count(AT.logprob_requests),
    logprob_probes: count(AT.logprob_probes),
    logit_bias_requests: count(AT.logit_bias_requests),
    cue_requests: cueCounts(pane.counts),
    networks: pane.networks.count(),
    clients: pane.clients.count(),
    logit_bias_ids: pane.logit_bias_ids.count(),
    models: modelCounts(pane.models),
    spans: spanCounts(pane.spans),
    prefixes: hashCounts(pane.prefixes),
    bodies: hashCounts(pane.bodies),
    client_tuples: hashCounts(pane.client_tuples),
  }
}

function modelCounts({ length, items, counts }: CountedList<string>): FingerprintWindow['models'] {
  const found = new Array<FingerprintWindow['models'][number]>(length)
  for (let at = 0; at < length; at++) found[at] = { name: items[at]!, count: counts[at]! }
  return found
}

function spanCounts({ length, items, counts, ranks }: CountedList<number>): FingerprintWindow['spans'] {
  const found = new Array<FingerprintWindow['spans'][number]>(length)
  for (let at = 0; at < length; at++) found[at] = { hash: items[at]!, count: counts[at]!, cues: ranks[at]! }
  return found
}

function hashCounts({ length, items, counts }: CountedList<number>): FingerprintWindow['bodies'] {
  const found = new Array<FingerprintWindow['bodies'][number]>(length)
  for (let at = 0; at < length; at++) found[at] = { hash: items[at]!, count: counts[at]! }
  return found
}
