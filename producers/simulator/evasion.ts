import type { ScenarioSettings } from './stage.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * How hard a campaign tries not to be found. A level is a set of parameters and nothing else, so that what each costs the
 * attacker can be measured one by one.
 */
export interface Evasion {
  /** Payment instruments that all accounts share; null: a card each. */
  readonly cards: number | null
  /** One stale client for all, a release frozen per account, or what honest customers run, kept up to date. */
  readonly client: 'stale' | 'frozen' | 'current'
  /** A few machines in a data centre, addresses like any customer's, or a residential one per account. */
  readonly network: 'machines' | 'mixed' | 'residential'
  /** Accounts with a domain of throw-away mail. */
  readonly disposableShare: number
  /** Equal gaps, uneven gaps around the clock, or the day and night of a real client. */
  readonly pace: 'metronome' | 'jittered' | 'diurnal'
  /** A wording is drawn once per campaign, per account, or per request. */
  readonly wording: 'campaign' | 'account' | 'request'
  /** Families of wrappers at once; with more of them each is shared by fewer organisations. */
  readonly families: number
  /** Only wordings that carry no cue of the shipped lexicon (lib/sketch/cue-lexicon.ts). */
  readonly quiet: boolean
  /** Requests of others that are mixed in, at least. */
  readonly coverShare_min: number
  /** Accounts that were made long before, or bought so. */
  readonly agedShare: number
  /** After an error the same body goes to the next account; otherwise the same account is asked again later. */
  readonly hops: boolean
  /** A conversation keeps its account for so long and then moves; infinite: it stays. */
  readonly sticky_ms: number
  /** Signatures that were emitted to one account are presented by another. */
  readonly replaysAcrossAccounts: boolean
  /** An account grows linearly to its full rate over so long. */
  readonly ramp_ms: number
  /** Part of the rate that the scenario has when nobody watches. */
  readonly rateFactor: number
  /** Of the tokens that an account's plan allows per day, what the relay uses at most. */
  readonly quotaShare_max: number
}

const NAIVE: Evasion = {
  cards: 6,
  client: 'stale',
  network: 'machines',
  disposableShare: 1,
  pace: 'metronome',
  wording: 'campaign',
  families: 1,
  quiet: false,
  coverShare_min: 0,
  agedShare: 0,
  hops: true,
  sticky_ms: 60 * MINUTE_MS,
  replaysAcrossAccounts: true,
  ramp_ms: 0,
  rateFactor: 1,
  quotaShare_max: Number.POSITIVE_INFINITY,
}

const JITTERED: Evasion = {
  ...NAIVE,
  cards: null,
  client: 'frozen',
  network: 'mixed',
  disposableShare: 0.15,
  pace: 'jittered',
  coverShare_min: 0.3,
  agedShare: 0.5,
}

const PARAPHRASED: Evasion = {
  ...JITTERED,
  network: 'residential',
  disposableShare: 0.03,
  pace: 'diurnal',
  wording: 'account',
  families: 2,
  coverShare_min: 0.4,
  agedShare: 0.8,
}

/**
 * Knows features and thresholds. `injected-reasoning-span` asks for one span in 30% of the requests and three uses;
 * an anchor for three organisations with one span and something rare in common; `new-account-at-ceiling` for 100% of a
 * day's quota; a prefix that moves, a body that hops and a signature from elsewhere are relay evidence.
 */
const WHITE_BOX: Evasion = {
  ...PARAPHRASED,
  client: 'current',
  wording: 'request',
  families: 4,
  quiet: true,
  coverShare_min: 0.72,
  agedShare: 1,
  hops: false,
  sticky_ms: Number.POSITIVE_INFINITY,
  replaysAcrossAccounts: false,
  ramp_ms: 4 * DAY_MS,
  rateFactor: 0.4,
  quotaShare_max: 0.5,
}

/** By level: naive; jitter, own cards, mixed clients and cover; paraphrase, residential, aged; white-box. */
export const EVASION: Readonly<Record<ScenarioSettings['level'], Evasion>> = {
  0: NAIVE,
  1: JITTERED,
  2: PARAPHRASED,
  3: WHITE_BOX,
}
