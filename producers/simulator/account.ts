import type { Label } from '../../lib/evaluation/label.ts'

/** CONTRACT's `account` record. */
export interface AccountRecord {
  type: 'account'
  event_id: string
  event_time: string
  account_id: string
  org_id: string
  created_at: string
  plan: 'free' | 'pay_as_you_go' | 'subscription' | 'team' | 'enterprise'
  programme: 'none' | 'education' | 'research' | 'startup'
  verification: 'none' | 'email' | 'phone' | 'card' | 'identity'
  billing_country: string
  payment_fingerprint: string | null
  email_domain: string
  signup_ip: string
  monthly_quota_tokens: number
  contract_flags: string[]
}

/** How an account's program presents itself. */
export interface ClientTuple {
  user_agent: string
  sdk: string
  sdk_version: string
  runtime: string
  os: string
  ja4: string
  header_set: string
}

export interface Address {
  ip: string
  asn: number
  country: string
}

/** An account, how it connects, and what it is in truth. Actors may change client and addresses as time passes. */
export interface Account {
  readonly record: AccountRecord
  readonly truth: Pick<Label, 'label' | 'campaign_id' | 'role' | 'scenario' | 'instance' | 'level'>
  api_key_id: string
  client: ClientTuple
  addresses: Address[]
  device_id: string | null
  access_path: string
  /** Whether its client keeps connections open between calls; default true. */
  keep_alive?: boolean
}
