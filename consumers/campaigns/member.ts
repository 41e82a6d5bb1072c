import { compareText } from '../../lib/stream/order.ts'
import type { AlertAccount, ObjectKind, Signal } from '../../schemas/types.ts'
import type { Holdings } from './holdings.ts'
import { BLOCK_OF } from './object-kinds.ts'
import { round } from './round.ts'
import type { StandingAnchor } from './standing-anchor.ts'

/** What a member's links and hits weigh as evidence of membership, combined as independent misses. Stated, not calibrated. */
const MEMBER_WEIGHT: Readonly<Record<string, number>> = { payload: 0.6, payment: 0.8, relay: 0.8, infrastructure: 0.4 }
const MEMBER_HIT_WEIGHT = 0.5

/** Why an account is named beside a cluster's anchors, which come by key. */
export function describeMember(
  account_id: string,
  anchors: ReadonlyMap<string, StandingAnchor>,
  holdings: Holdings,
  hits: readonly Signal[],
): AlertAccount {
  const kinds = new Set<ObjectKind>()
  const holder = holdings.holder(account_id)
  for (const { key, kind } of holder.anchors.keys()) {
    const anchor = anchors.get(key)
    if (!anchor) continue
    kinds.add(kind)
    for (const other of holder.others.keys()) if (anchor.ties.has(other.key)) kinds.add(other.kind)
  }
  let miss = 1
  for (const block of [...new Set([...kinds].map((kind) => BLOCK_OF[kind]))].sort(compareText)) {
    miss *= 1 - (MEMBER_WEIGHT[block] ?? 0)
  }
  for (const _ of hits) miss *= 1 - MEMBER_HIT_WEIGHT
  const reasons = new Set([...[...kinds].map((kind) => `shares_${kind}`), ...hits.map(({ detector }) => detector)])
  const org_id = holdings.context(account_id)?.org_id ?? account_id
  return { account_id, org_id, score: round(1 - miss), reasons: [...reasons].sort(compareText) }
}
