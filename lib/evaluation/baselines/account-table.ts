/** State by account with a ceiling: accounts that come when it is full are not watched. */
export class AccountTable<State> {
  private readonly states = new Map<string, State>()
  private readonly create: () => State
  private readonly accounts_max: number

  constructor(accounts_max: number, create: () => State) {
    this.accounts_max = accounts_max
    this.create = create
  }

  of(account_id: string): State | undefined {
    let state = this.states.get(account_id)
    if (state === undefined && this.states.size < this.accounts_max) {
      state = this.create()
      this.states.set(account_id, state)
    }
    return state
  }
}
