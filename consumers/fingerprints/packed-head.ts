import type { AccountFacts, ObjectKind, SightedObject } from '../../schemas/types.ts'
import type { AccountState } from './account.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'

/** Wire order. Append only. */
const KINDS: readonly ObjectKind[] = ['unknown', 'span', 'prefix', 'payment', 'client']

type Head = Omit<AccountState, 'number' | 'account_id' | 'last_seen_ms' | 'requests' | 'output_tokens'>

/** Packs what the columns of the account table don't hold. The form belongs to `HEADS_FORM`. */
export function writeHead(to: ByteWriter, head: Head): void {
  to.number(head.born_hop)
  to.number(head.first_seen_ms)
  to.optionalText(head.status)
  to.optionalText(head.org_id)
  const { snapshot } = head
  to.number(snapshot === null ? 0 : 1)
  if (snapshot !== null) {
    to.number(snapshot.hop)
    to.number(snapshot.requests)
    to.number(snapshot.profile)
  }
  to.number(head.facts === null ? 0 : 1)
  if (head.facts !== null) writeFacts(to, head.facts)
  to.number(head.sighted.length)
  for (const { kind, object, hop } of head.sighted) {
    to.number(KINDS.indexOf(kind))
    to.hash(object)
    // It is a few bytes less than a hop.
    to.number(hop - head.born_hop)
  }
}

/** Reads what `writeHead` wrote. */
export function readHead(from: ByteReader): Head {
  const born_hop = from.number()
  const first_seen_ms = from.number()
  const status = from.optionalText()
  const org_id = from.optionalText()
  const snapshot = from.number() === 0 ? null : { hop: from.number(), requests: from.number(), profile: from.number() }
  const facts = from.number() === 0 ? null : readFacts(from)
  const sighted: SightedObject[] = []
  for (let left = from.number(); left > 0; left--) {
    sighted.push({ kind: KINDS[from.number()]!, object: from.hash(), hop: born_hop + from.number() })
  }
  return { born_hop, first_seen_ms, status, org_id, snapshot, facts, sighted }
}

function writeFacts(to: ByteWriter, facts: AccountFacts): void {
  to.number(facts.event_time_ms)
  to.text(facts.org_id)
  to.optionalNumber(facts.created_at_ms)
  to.optionalText(facts.plan)
  to.optionalText(facts.programme)
  to.optionalText(facts.verification)
  to.number(facts.payment_hash === null ? 0 : 1)
  if (facts.payment_hash !== null) to.hash(facts.payment_hash)
  to.optionalNumber(facts.monthly_quota_tokens)
  to.number(facts.contract_flags.length)
  for (const flag of facts.contract_flags) to.text(flag)
}

function readFacts(from: ByteReader): AccountFacts {
  return {
    event_time_ms: from.number(),
    org_id: from.text(),
    created_at_ms: from.optionalNumber(),
    plan: from.optionalText(),
    programme: from.optionalText(),
    verification: from.optionalText(),
    payment_hash: from.number() === 0 ? null : from.hash(),
    monthly_quota_tokens: from.optionalNumber(),
    contract_flags: Array.from({ length: from.number() }, () => from.text()),
  }
}
