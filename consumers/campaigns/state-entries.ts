import type { CampaignState, Link } from '../../schemas/types.ts'
import { objectKey } from './holdings.ts'

const SEPARATOR = '\u0000'

/** What an entry of the stage's changelog is about. */
export type EntryKind = 'population' | 'link' | 'signal' | 'anchor' | 'account' | 'campaign'

const NOTHING: CampaignState = {
  position: null,
  link: null,
  signal: null,
  anchor: null,
  campaign: null,
  account: null,
  active_accounts: null,
}

/** Key of an entry: its kind and what identifies it, which holds no separator. */
export function entryKey(kind: EntryKind, ...id: readonly string[]): string {
  return [kind, ...id].join(SEPARATOR)
}

export function linkEntryKey(link: Link): string {
  return entryKey('link', objectKey(link), link.account_id)
}

export function readEntryKey(key: string): { readonly kind: EntryKind; readonly id: readonly string[] } {
  const [kind, ...id] = key.split(SEPARATOR) as [EntryKind, ...string[]]
  return { kind, id }
}

/** An entry with one of its fields set. */
export function entryOf(entry: Partial<CampaignState>): CampaignState {
  return { ...NOTHING, ...entry }
}
