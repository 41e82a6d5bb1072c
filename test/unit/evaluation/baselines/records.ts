import type { Account, Request } from '../../../../schemas/types.ts'
import { accountAt, requestAt } from '../../../integration/runtime/toy.ts'

export const HOUR_MS = 3_600_000

export function request(account_id: string, end_time_ms: number, network_hash: number | null = null): Request {
  const base = requestAt(account_id, end_time_ms)
  return { ...base, client: { ...base.client, network_hash } }
}

export function account(account_id: string, facts: Partial<Account> = {}): Account {
  return { ...accountAt(account_id, 0, 'free'), ...facts }
}
