import { account, asks, clientOf, type InputEvent, REASONING_WRAPPER, request } from './traffic.ts'

export interface CampaignOptions {
  readonly name?: string
  readonly accounts?: number
  readonly cards?: number
  readonly wrapper?: string
  /** Minutes after the start. */
  readonly from?: number
  readonly until?: number
  readonly every?: number
  readonly facts?: InputEvent
}

/** Accounts of as many organisations that share payment cards and one injected instruction, and ask every few minutes. */
export function campaign(options: CampaignOptions = {}): InputEvent[] {
  const { name = 'head', accounts = 12, cards = 2, wrapper = REASONING_WRAPPER } = options
  const { from = 0, until = 30, every = 5, facts = {} } = options
  return Array.from({ length: accounts }, (_, index) => {
    const account_id = `${name}-${index}`
    const payment_fingerprint = `card-of-${name}-${index % cards}`
    const events = [account({ account_id, at: from }, { payment_fingerprint, ...facts })]
    for (let at = from + 0.1 + index / 100; at < until; at += every) {
      const content = asks(`Question ${at} of ${account_id}.\n\n${wrapper}`)
      events.push(request({ account_id, at }, { content, client: clientOf(account_id, '1.2') }))
    }
    return events
  }).flat()
}

/** Accounts that have nothing in common, one request each: what a coincidence is measured against. */
export function crowd(size = 200, at = 0): InputEvent[] {
  return Array.from({ length: size }, (_, index) => {
    const account_id = `crowd-${at}-${index}`
    const client = clientOf(account_id, `${index % 40}.0`)
    return [account({ account_id, at }), request({ account_id, at: at + 0.05 }, { client })]
  }).flat()
}

/** Names of the accounts of `campaign`. */
export function accountsOf(name: string, accounts: number): string[] {
  return Array.from({ length: accounts }, (_, index) => `${name}-${index}`)
}
