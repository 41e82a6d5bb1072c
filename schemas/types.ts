// Generated from the .avsc files by `npm run schemas:types`; test/unit/schemas/types.test.ts proves it is current.

/** An account as it was created or last changed. A full replacement: null means unknown, not unchanged. */
export interface Account {
  event_id: string | null
  event_time_ms: number
  account_id: string
  /** Defaults to the account itself. */
  org_id: string
  created_at_ms: number | null
  plan: string | null
  programme: string | null
  verification: string | null
  /** May scope evidence; never scores. */
  billing_country: string | null
  /** Infrastructure-keyed hash of the payment fingerprint. */
  payment_hash: number | null
  email_domain_hash: number | null
  signup_network_hash: number | null
  monthly_quota_tokens: number | null
  contract_flags: string[]
}

/** What later stages must know of an account to state exposure and blast radius. */
export interface AccountContext {
  org_id: string
  created_at_ms: number | null
  paying: boolean
  /** A contract allows what would else be suspicious; linked, never accused. */
  exempt: boolean
  /** Requests so far. */
  requests: number
  /** Output tokens so far. */
  output_tokens: number
  first_seen_ms: number
  last_seen_ms: number
}

/** The account record as joined at the end of a hop. */
export interface AccountFacts {
  event_time_ms: number
  org_id: string
  created_at_ms: number | null
  plan: string | null
  programme: string | null
  verification: string | null
  payment_hash: number | null
  monthly_quota_tokens: number | null
  contract_flags: string[]
}

export interface AccountHead {
  facts: AccountFacts | null
  status: string | null
  /** From a request, when no account record is known. */
  org_id: string | null
  first_seen_ms: number
  last_seen_ms: number
  requests: number
  output_tokens: number
  snapshot: SnapshotBaseline | null
  sighted: SightedObject[]
  /** Which panes are the account's, in blocks. -1: written before there were blocks. */
  number: number
  /** Panes of earlier hops under this number were another account's. */
  born_hop: number
}

export interface ActionHour {
  hour: number
  /** Actions in this hour, by breaker key. */
  actions: NameCount[]
}

/** One page of one revision of an alert; docs/topics.md says how pages join. */
export interface Alert {
  alert_id: string
  revision: number
  /** 0 has everything and the first members; the others repeat the header, without evidence and objectives, and carry further members. */
  page: number
  pages: number
  status: string
  merged_into: string | null
  split_from: string | null
  hop: number
  /** End of the hop that raised it. */
  event_time_ms: number
  subject: Subject
  /** At most 500 a page. */
  accounts: AlertAccount[]
  related_accounts: AlertAccount[]
  score: number
  score_basis: string
  severity: string
  objectives: string[]
  evidence: Evidence[]
  exposure: Exposure
  blast_radius: BlastRadius
  recommended_action: string
  config_hash: string
}

export interface AlertAccount {
  account_id: string
  org_id: string
  score: number
  reasons: string[]
}

/** The joint holdings of one payload object that chance does not explain, as of the hop that last touched it. */
export interface AnchorAssessment {
  kind: ObjectKind
  object: number
  cues: number
  conjunctions: Conjunction[]
}

export interface BlastRadius {
  accounts: number
  organisations: number
  paying_share: number
  median_tenure_days: number
}

export type Block = 'unknown' | 'payload' | 'timing' | 'infrastructure' | 'payment' | 'lifecycle' | 'relay'

/** A cluster of accounts as an entity with an identity of its own. */
export interface Campaign {
  campaign_id: string
  founded_hop: number
  hop: number
  status: string
  /** Alert id of the campaign that lives on. */
  merged_into: string | null
  /** Alert id of the campaign that this one was a part of. */
  split_from: string | null
  members: CampaignMember[]
  objects: CampaignObject[]
  score: number
  severity: string
}

export interface CampaignAccount {
  account_id: string
  outcome: string | null
  /** Of the open alert about this account alone. */
  alert_id: string | null
  alert_revision: number
  /** Event time of the outcome, from which it expires. Null, as the version before wrote: it does not. */
  outcome_ms: number | null
}

export interface CampaignEntity {
  campaign_id: string
  founded_hop: number
  alert_id: string
  revision: number
  status: string
  merged_into: string | null
  split_from: string | null
  /** Hop of the last revision. */
  alert_hop: number
  /** Accounts named in the last revision. */
  alert_accounts: number
  severity: string
  members: EntityMember[]
  /** Accounts that the last revision of the alert names and that are no members: related ones, and members that left since. */
  named_beyond: string[]
}

export interface CampaignMember {
  account_id: string
  org_id: string
  joined_hop: number
  score: number
  reasons: string[]
}

export interface CampaignObject {
  kind: string
  object: number
  block: string
  accounts: number
  organisations: number
  /** log(population / holders), natural logarithm. */
  weight: number
}

/** Changelog of the campaigns stage. */
export interface CampaignState {
  position: Position | null
  link: Link | null
  signal: Signal | null
  anchor: AnchorAssessment | null
  campaign: CampaignEntity | null
  account: CampaignAccount | null
  active_accounts: number | null
}

export interface Client {
  /** Infrastructure-keyed hash of the /24 (IPv4) or /48 (IPv6). */
  network_hash: number | null
  asn: number | null
  /** ISO 3166 alpha-2. May scope evidence; never scores. */
  country: string | null
  /** Infrastructure-keyed hash of user agent, SDK and version, runtime, OS, JA4 and header set together. */
  tuple_hash: number | null
  connection_hash: number | null
  device_hash: number | null
}

export interface Conjunction {
  kind: ObjectKind
  object: number
  /** Distinct organisations that hold both. */
  organisations: number
  /** Accounts that would hold both if the two were independent. */
  expected: number
  /** Natural logarithm of the Poisson upper tail. */
  log_p: number
}

/** Input that could not be used, why, and where it stands. */
export interface DeadLetter {
  /** Topic, or the input file as it was named. */
  source: string
  partition: number | null
  offset: number | null
  line: number | null
  stage: string
  reason: string
  /** Names fields and types, never values that could be text. */
  detail: string
  /** Key of a Kafka record. Null for an input line, and where the key is longer than 256 bytes or holds white space. */
  key: Buffer | null
  /** Headers of a Kafka record; without those that are longer than 256 bytes or hold white space. */
  headers: KeptHeader[]
  /** Original bytes of a Kafka record. Null beyond 900 kB, and for an input line: it may hold prompt text. */
  payload: Buffer | null
  size_bytes: number
  content_hash: number | null
  /** True: no letter, but the mark that the record of an earlier one was written back to its topic. */
  replayed: boolean
}

/** What gateways should do about an account until it expires. */
export interface Decision {
  decision_id: string
  account_id: string
  org_id: string
  action: string
  mode: DecisionMode
  status: DecisionStatus
  alert_id: string
  alert_revision: number
  policy_version: string
  issued_at_ms: number
  expires_at_ms: number
  blast_radius: BlastRadius
  /** Composed of detector names, counts and ids; no customer text. */
  explanation: string
}

export type DecisionMode = 'shadow' | 'enforced'

export type DecisionStatus = 'unknown' | 'active' | 'capped' | 'revoked' | 'expired'

export interface DetectorEntry {
  detector: string
  version: number
  account_id: string
  last_hop: number
  outcome: string
  observed: number
}

/** Changelog of the detectors stage. */
export interface DetectorState {
  position: Position | null
  entry: DetectorEntry | null
}

export interface EndOffset {
  topic: string
  offset: number
}

/** Changelog of the enforcement stage. */
export interface EnforcementState {
  position: Position | null
  decision: Decision | null
  hour: ActionHour | null
}

export interface EntityMember {
  account_id: string
  joined_hop: number
}

export interface Evidence {
  detector: string
  version: number
  block: string
  status: string
  window: string
  segment: string
  n: number
  p_value: number | null
  e_value: number | null
  observed: number
  baseline: number | null
  detail: string
}

export interface Exposure {
  requests: number
  output_tokens: number
  first_seen_ms: number
  last_seen_ms: number
}

/** A snapshot of an account's sliding windows, emitted when it has changed enough. */
export interface Fingerprint {
  account_id: string
  hop: number
  /** End of the hop. */
  event_time_ms: number
  reason: SnapshotReason
  /** plan/tenure/verification, or 'unknown' before any account record. */
  segment: string
  context: AccountContext
  facts: AccountFacts | null
  /** Last outcome, such as 'banned'. */
  status: string | null
  /** Those that differ, shortest first; 'lengths' says which is which. */
  windows: FingerprintWindow[]
  /** Shortest first: 5 min, 1 h, 24 h. Empty: each of 'windows' is one. */
  lengths: WindowLength[]
}

/** Changelog of the fingerprints stage: one of the fields is set. */
export interface FingerprintState {
  position: Position | null
  head: AccountHead | null
  block: PaneBlock | null
  /** Sorted 8-byte hashes of the event ids of one hop. */
  event_ids: Buffer | null
  heads: HeadBlock | null
}

export interface FingerprintWindow {
  window_ms: number
  requests: number
  sketched: number
  errors: number
  rate_limited: number
  refusals: number
  input_tokens: number
  cache_read_tokens: number
  output_tokens: number
  reasoning_tokens: number
  streamed: number
  with_system: number
  with_tools: number
  with_images: number
  logprob_requests: number
  logprob_probes: number
  logit_bias_requests: number
  /** Requests whose cue score reached 50, per cue class (lib/sketch/cues.ts). */
  cue_requests: number[]
  /** Distinct /24 or /48 networks. */
  networks: number
  /** Distinct client tuples. */
  clients: number
  /** Distinct token ids in logit_bias. */
  logit_bias_ids: number
  models: NameCount[]
  /** Heavy-hitter instruction spans, most used first. */
  spans: SpanCount[]
  prefixes: HashCount[]
  /** Heavy-hitter bodies, logit_bias left out. */
  bodies: HashCount[]
  client_tuples: HashCount[]
}

export interface HashCount {
  hash: number
  count: number
}

/** The heads of the accounts that changed with one transaction, newer than a 'head' of theirs. */
export interface HeadBlock {
  /** Last hop of the transaction. */
  hop: number
  /** Packed as consumers/fingerprints/head-block.ts says; it begins with the form. */
  entries: Buffer
}

/** The cut is data: which records of a partition belong to the hops up to this one. */
export interface HopCut {
  partition: number
  /** The largest hop that this source has cut. */
  hop: number
  end_offsets: EndOffset[]
}

export interface InputPosition {
  topic: string
  partition: number
  /** Read on from here after a restart. */
  resume_offset: number
  /** Records below this that belong to a closed hop are already counted. */
  end_offset: number
  /** Records below this that can not be used are in the dead letters. Null, as the version before wrote: those below end_offset are. */
  rejected_offset: number | null
}

export interface KeptHeader {
  name: string
  value: Buffer
}

export interface Link {
  kind: ObjectKind
  object: number
  account_id: string
  n: number
  first_ms: number
  last_ms: number
  cues: number
  /** Accounts that hold the object. */
  holders: number
  /** Distinct organisations among them. */
  organisations: number
  /** Event time after which the holding no longer counts. */
  expires_ms: number
  context: AccountContext
}

/** Accounts that hold an object which other organisations hold too. One record per task and hop, closes the hop. */
export interface LinkBatch {
  hop: number
  /** Accounts seen within 24 h over all tasks. */
  active_accounts: number
  /** Accounts to forget before this hop's links are looked at. */
  erased_accounts: string[]
  links: Link[]
}

/** Changelog of the linkage stage. */
export interface LinkageState {
  position: Position | null
  holder: ObjectHolder | null
}

/** A model became available. */
export interface ModelRelease {
  event_time_ms: number
  model: string
  tier: string | null
}

export interface NameCount {
  name: string
  count: number
}

export interface ObjectHolder {
  kind: ObjectKind
  object: number
  account_id: string
  n: number
  first_ms: number
  last_ms: number
  cues: number
  /** Hop of the last link that named this holder; -1 before the first. */
  linked_hop: number
  context: AccountContext
}

export type ObjectKind = 'unknown' | 'span' | 'prefix' | 'payment' | 'client'

/** What was done to an account, or decided about it. */
export interface Outcome {
  event_id: string | null
  event_time_ms: number
  account_id: string
  outcome: OutcomeKind
  alert_id: string | null
  /** Identifier only; free text stays with the analyst's tool. */
  reason_code: string | null
}

export type OutcomeKind = 'unknown' | 'banned' | 'throttled' | 'verification_requested' | 'verified' | 'verification_failed' | 'cleared' | 'appeal_upheld' | 'appeal_overturned' | 'erased'

/** The panes of many accounts for one stretch of time. */
export interface PaneBlock {
  /** Number of the stretch: hop / hops in it. */
  index: number
  /** Packed as consumers/fingerprints/pane-block.ts says; its first byte is the form. */
  panes: Buffer
}

export interface Params {
  stream: boolean | null
  seed_set: boolean
  /** Identifier only; anything else becomes 'other'. */
  response_format: string | null
  tool_set_hash: number | null
  max_tokens: number | null
  temperature: number | null
  top_p: number | null
  choice_count: number | null
  top_logprobs: number | null
  logit_bias_ids: number[]
  tools_count: number | null
  images_count: number | null
  reasoning: string | null
}

/** Where a task stands in its inputs. Written in the same transaction as the state it belongs to. */
export interface Position {
  /** The last hop that is closed and committed; -1: none yet, but records that can not be used have left. */
  hop: number
  /** Length of the hops that it and all of the state count in; 0: written before this was noted. */
  hop_ms: number
  inputs: InputPosition[]
}

/** One API call, sketched at the edge. Holds no text: every field that could is a keyed hash or a bounded identifier. *_hash fields are 52-bit keyed hashes, exact as JavaScript numbers. */
export interface Request {
  event_id: string
  /** When the request arrived. */
  event_time_ms: number
  /** When the response ended and the record was written. Hops are cut by this. */
  end_time_ms: number
  account_id: string
  org_id: string | null
  api_key_hash: number | null
  end_user_hash: number | null
  session_hash: number | null
  access_path: string
  request_model: string
  operation: string
  client: Client
  params: Params
  usage: Usage
  response: Response
  /** Hashes of reasoning signatures that came with the request. */
  signatures_presented: number[]
  signatures_emitted: number[]
  sketch: RequestSketch | null
}

/** What is left of the text. docs/edge-sketch.md states how each field is computed. */
export interface RequestSketch {
  /** Which content key made these hashes; hashes of different epochs never match. */
  key_epoch: number
  system_hash: number | null
  /** Chained hash of the conversation up to each block boundary; the first four and the last four. */
  prefix_hashes: number[]
  /** System, messages and sampling parameters, logit_bias left out. */
  body_hash: number | null
  /** The same with logit_bias. */
  body_bias_hash: number | null
  spans: Span[]
  /** 0..100 per cue class, in the order of lib/sketch/cues.ts. */
  cue_scores: number[]
  messages: number
  system_chars: number
  input_chars: number
  output_chars: number
}

export interface Response {
  status: number
  error_type: string | null
  finish_reason: string | null
  refused: boolean
  latency_ms: number | null
  time_to_first_chunk_ms: number | null
}

export interface SightedAccount {
  account_id: string
  context: AccountContext
  uses: SightedUse[]
}

export interface SightedObject {
  kind: ObjectKind
  object: number
  /** Hop of the last sighting that was reported. */
  hop: number
}

export interface SightedUse {
  kind: ObjectKind
  object: number
  /** Uses since the last sighting. */
  n: number
  /** Before the end of the hop. */
  first_ago_ms: number
  /** Before the end of the hop. */
  last_ago_ms: number
  /** Cue bits, for spans. */
  cues: number
}

export interface Sighting {
  kind: ObjectKind
  object: number
  account_id: string
  /** Uses since the last sighting. */
  n: number
  first_ms: number
  last_ms: number
  /** Cue bits, for spans. */
  cues: number
  context: AccountContext
}

/** Who was seen with what: the sightings of one task for one partition in one hop, by account, kind and object. Closes the hop for that partition. */
export interface SightingBatch {
  hop: number
  /** Accounts this task saw within 24 h: the population that rarity is measured against. */
  active_accounts: number
  /** Accounts to forget before this hop's sightings are looked at. */
  erased_accounts: string[]
  /** As 'accounts', an account's context beside each use: what was written before there were 'accounts'. */
  sightings: Sighting[]
  /** What each account was seen with. */
  accounts: SightedAccount[]
}

/** Evidence of one detector about one account. Evidence, never a verdict. */
export interface Signal {
  account_id: string
  hop: number
  event_time_ms: number
  detector: string
  version: number
  block: Block
  outcome: SignalOutcome
  /** A detector in shadow is recorded and counted, and moves no score. */
  shadow: boolean
  /** An exact rule that supports an alert about the account by itself. */
  standalone: boolean
  window_ms: number
  segment: string
  /** Sample size: requests looked at. */
  n: number
  /** Null for a rule. */
  p_value: number | null
  observed: number
  baseline: number | null
  /** Short identifier of what was found. */
  reason: string
  /** The instruction span concerned, if one is. */
  object: number | null
  objectives: string[]
  context: AccountContext
}

export type SignalOutcome = 'unknown' | 'hit' | 'no_hit' | 'insufficient_data' | 'error' | 'snoozed'

export interface SnapshotBaseline {
  hop: number
  /** Requests of the account at the last snapshot. */
  requests: number
  /** Cue classes that were prominent, one bit each, at or since the last snapshot. */
  profile: number
}

export type SnapshotReason = 'first' | 'growth' | 'change' | 'interval'

/** One instruction-like span after masking of numbers, quotes, code and URLs. */
export interface Span {
  /** Keyed hash of the masked token sequence. */
  hash: number
  /** 32 one-byte minima (b-bit minwise hashing, b = 8) over masked 3-token shingles. */
  minhash: Buffer
  tokens: number
  place: SpanPlace
  /** Bit i set: cue class i (lib/sketch/cues.ts) is present in this span. */
  cues: number
}

export interface SpanCount {
  hash: number
  count: number
  /** Bit i: cue class i. */
  cues: number
}

export type SpanPlace = 'system' | 'head' | 'body' | 'tail' | 'tool'

export interface Subject {
  kind: string
  id: string
}

export interface Usage {
  input_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  output_tokens: number
  reasoning_tokens: number
}

export interface WindowLength {
  window_ms: number
  /** In 'windows'. Lengths in which the account did the same have the same place, and the window_ms there is the shortest of them. */
  place: number
}
