import { compareText } from '../../lib/stream/order.ts'
import type { Conjunction, Evidence, Signal } from '../../schemas/types.ts'
import { BLOCK_OF } from './object-kinds.ts'
import { round } from './round.ts'
import type { StandingAnchor } from './standing-anchor.ts'

// A thousand looks at one stream can't make this much evidence; beyond it the number would only look exact.
const E_VALUE_MAX = 1e6

/** The strongest joint holding of each block, corrected for how many were found. */
export function jointHoldings(anchors: readonly StandingAnchor[]): Evidence[] {
  const blocks = new Map<string, { anchor: StandingAnchor; conjunction: Conjunction }>()
  let found = 0
  for (const anchor of anchors) {
    for (const conjunction of anchor.assessment.conjunctions) {
      found++
      const block = BLOCK_OF[conjunction.kind]
      const best = blocks.get(block)
      if (!best || conjunction.log_p < best.conjunction.log_p) blocks.set(block, { anchor, conjunction })
    }
  }
  return [...blocks]
    .sort(([a], [b]) => compareText(a, b))
    .map(([block, { anchor, conjunction }]) => {
      const { kind, object } = anchor.assessment
      const log_p = Math.min(0, conjunction.log_p + Math.log(found))
      return {
        detector: 'joint-holding',
        version: 1,
        block,
        status: 'active',
        window: 'object lifetime',
        segment: 'all',
        n: conjunction.organisations,
        p_value: Math.exp(log_p),
        e_value: round(Math.min(E_VALUE_MAX, 0.5 * Math.exp(-log_p / 2))),
        observed: conjunction.organisations,
        baseline: round(conjunction.expected),
        detail: `organisations that share ${kind} ${hex(object)} and ${conjunction.kind} ${hex(conjunction.object)}`,
      }
    })
}

/** What detectors have found about members. It is told and not weighed: it has no e-value. */
export function detectorHits(
  members: readonly string[],
  hitsOf: (account_id: string) => readonly Signal[],
): Evidence[] {
  const byDetector = new Map<string, Signal[]>()
  for (const account_id of members) {
    for (const hit of hitsOf(account_id)) {
      const hits = byDetector.get(hit.detector) ?? []
      byDetector.set(hit.detector, hits)
      hits.push(hit)
    }
  }
  return [...byDetector]
    .sort(([a], [b]) => compareText(a, b))
    .map(([detector, hits]) => ({
      detector,
      version: hits[0]!.version,
      block: hits[0]!.block,
      status: 'active',
      window: `${hits[0]!.window_ms / 60_000} min`,
      segment: 'all',
      n: members.length,
      p_value: null,
      e_value: null,
      observed: round(hits.length / members.length),
      baseline: null,
      detail: `share of members with ${hits[0]!.reason}`,
    }))
}

/** p to e by 0.5/√p; averaged over blocks, because they come from the same accounts and hours (DESIGN §6). */
export function posterior(evidence: readonly Evidence[], prior: number): number {
  const e_values = evidence.flatMap(({ e_value }) => e_value ?? [])
  const e_value = e_values.reduce((sum, value) => sum + value, 0) / Math.max(e_values.length, 1)
  return round((prior * e_value) / (1 - prior + prior * e_value))
}

/** How an object is named in evidence: enough to look it up, nothing to read. */
function hex(object: number): string {
  return object.toString(16).padStart(13, '0')
}
