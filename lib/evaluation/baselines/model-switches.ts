import type { Request } from '../../../schemas/types.ts'
import { AccountTable } from './account-table.ts'
import type { ExactGroup } from './exact-groups.ts'

const HOUR_MS = 3_600_000
const LASTS_MS = 24 * HOUR_MS
const TOGETHER_MS = 6 * HOUR_MS
const TOGETHER_MIN = 5
/** Members looked at on a switch, the first of the group: a giant one would cost its size each time. */
const MEMBERS_MAX = 256

/**
 * Glasswally's pivot signal: 0.2 for a day after an account has switched its model, more when five or more of its cluster switched to the
 * same one within six hours (glasswally/src/workers/pivot.rs). Counted when the account switches, not again at each request.
 */
export class ModelSwitches {
  private readonly accounts: AccountTable<State>

  constructor(accounts_max: number) {
    this.accounts = new AccountTable(accounts_max, () => ({ model: null, switched_ms: null, score: 0 }))
  }

  /** The signal after this request, 0 to 1. */
  add({ account_id, request_model, end_time_ms }: Request, group: ExactGroup | undefined): number {
    const account = this.accounts.of(account_id)
    if (!account) return 0
    if (account.model !== null && account.model !== request_model) {
      account.switched_ms = end_time_ms
      const together = 1 + this.others(group, account_id, request_model, end_time_ms)
      account.score = together < TOGETHER_MIN ? 0.2 : Math.min(0.2 + (together / 30) * 0.8, 1)
    }
    account.model = request_model
    return account.switched_ms !== null && end_time_ms - account.switched_ms <= LASTS_MS ? account.score : 0
  }

  private others(group: ExactGroup | undefined, account_id: string, model: string, now_ms: number): number {
    let others = 0
    let seen = 0
    for (const id of group?.accounts ?? []) {
      if (++seen > MEMBERS_MAX) break
      const other = id === account_id ? undefined : this.accounts.of(id)
      if (other?.model === model && other.switched_ms !== null && now_ms - other.switched_ms < TOGETHER_MS) others++
    }
    return others
  }
}

interface State {
  model: string | null
  switched_ms: number | null
  score: number
}
