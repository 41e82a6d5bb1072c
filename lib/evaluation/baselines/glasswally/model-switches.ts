import type { Request } from '../../../../schemas/types.ts'
import { AccountTable } from '../account-table.ts'
import type { ExactGroup } from '../exact-groups.ts'
import { SILENT, type Signal } from './signal.ts'

const HOUR_MS = 3_600_000
const LASTS_MS = 24 * HOUR_MS
const TOGETHER_MS = 6 * HOUR_MS
const TOGETHER_MIN = 5
/** Members looked at, the first of the group: a giant one would cost its size at each request. */
const MEMBERS_MAX = 256

/**
 * For a day after an account has switched its model, the more so when five or more of its cluster switched to the same one within six
 * hours (glasswally/src/workers/pivot.rs).
 */
export class ModelSwitches {
  private readonly accounts: AccountTable<State>

  constructor(accounts_max: number) {
    this.accounts = new AccountTable(accounts_max, () => ({ model: null, switched_ms: null }))
  }

  add({ account_id, request_model, end_time_ms }: Request, group: ExactGroup | undefined): Signal {
    const account = this.accounts.of(account_id)
    if (!account) return SILENT
    if (account.model !== null && account.model !== request_model) account.switched_ms = end_time_ms
    account.model = request_model
    const { switched_ms } = account
    if (switched_ms === null || end_time_ms - switched_ms > LASTS_MS) return SILENT
    const together = 1 + this.others(group, account_id, request_model, switched_ms)
    return { score: together < TOGETHER_MIN ? 0.2 : Math.min(0.2 + (together / 30) * 0.8, 1), confidence: 0.85 }
  }

  private others(group: ExactGroup | undefined, account_id: string, model: string, at_ms: number): number {
    let others = 0
    let seen = 0
    for (const id of group?.accounts ?? []) {
      if (++seen > MEMBERS_MAX) break
      const other = id === account_id ? undefined : this.accounts.of(id)
      if (other?.model !== model || other.switched_ms === null) continue
      if (Math.abs(other.switched_ms - at_ms) < TOGETHER_MS) others++
    }
    return others
  }
}

interface State {
  model: string | null
  switched_ms: number | null
}
