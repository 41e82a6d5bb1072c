import type { AnchorAssessment } from '../../schemas/types.ts'
import { holdersOfBoth } from './anchors.ts'
import { Component } from './component.ts'
import type { Holdings } from './holdings.ts'
import { StandingAnchor, type Tie } from './standing-anchor.ts'

/** What has happened to the components since it was last asked. */
export interface ComponentChanges {
  /** Components with other accounts than before; the new ones among them. */
  readonly reshaped: ReadonlySet<Component>
  /** Components about which something has changed; the reshaped ones among them. */
  readonly stale: ReadonlySet<Component>
}

/**
 * Connected components of accounts over joint holdings, kept from hop to hop. Accounts that hold the same pair of objects
 * belong together; pairs of one anchor do too when the anchor is an eliciting instruction (see StandingAnchor).
 *
 * Components grow and meet as links come, the smaller moving into the larger, which costs n log n in all. Where a tie may
 * have come loose the component is taken apart and put together again from what its accounts hold: whether others depended on
 * the tie shows no other way that is as simple. The result is a function of holdings and assessments alone, so that
 * a restart finds the same components.
 */
export class Components {
  readonly holdings: Holdings
  private readonly anchors = new Map<string, StandingAnchor>()
  private readonly homes = new Map<string, Component>()
  /** Components of the ties that anybody holds. */
  private readonly places = new Map<Tie, Component>()
  private readonly gained = new Set<string>()
  private readonly begun: { readonly anchor: StandingAnchor; readonly key: string }[] = []
  private readonly loose = new Set<Component>()
  private reshaped = new Set<Component>()
  private stale = new Set<Component>()

  constructor(holdings: Holdings) {
    this.holdings = holdings
  }

  anchor(key: string): StandingAnchor | null {
    return this.anchors.get(key) ?? null
  }

  /** The component of an account, once settled. */
  of(account_id: string): Component | null {
    return this.homes.get(account_id) ?? null
  }

  /** Something about an account has changed that its component's judgement may depend on. */
  doubt(account_id: string): void {
    const home = this.homes.get(account_id)
    if (home) this.stale.add(home)
  }

  /** An account holds an object that it did not hold before. */
  gain(account_id: string): void {
    this.gained.add(account_id)
  }

  /** An account no longer holds an object, and the holdings say so; what else it is to lose it holds still. */
  lose(account_id: string, object: string): void {
    const home = this.homes.get(account_id)
    if (!home) return
    this.stale.add(home)
    const { anchors, others } = this.holdings.holder(account_id)
    const holdsAny = (isTied: (key: string) => boolean) => [...others.keys()].some(({ key }) => isTied(key))
    const lost = this.anchors.get(object)
    if (lost && holdsAny((key) => lost.ties.has(key))) this.loose.add(home)
    for (const { key } of anchors.keys()) {
      const ties = this.anchors.get(key)?.ties
      const tie = ties?.get(object)
      if (tie && !holdsAny((other) => ties?.get(other) === tie)) this.loose.add(home)
    }
  }

  /** Takes a new assessment of an anchor; null: nothing stands out any more. */
  assess(key: string, assessment: AnchorAssessment | null): void {
    const before = this.anchors.get(key)
    if (assessment === null) {
      this.anchors.delete(key)
      for (const tie of before?.ties.values() ?? []) this.loosen(tie)
      return
    }
    const anchor = before ?? new StandingAnchor(key, assessment)
    this.anchors.set(key, anchor)
    const { loosened, begun } = anchor.renew(assessment)
    for (const tie of loosened) this.loosen(tie)
    for (const other of begun) this.begun.push({ anchor, key: other })
    for (const tie of anchor.ties.values()) {
      const component = this.places.get(tie)
      if (component) this.stale.add(component)
      if (anchor.isEliciting) break
    }
  }

  /** Puts every account where it belongs by now. */
  settle(): void {
    for (const component of this.loose) this.takeApart(component)
    this.loose.clear()
    for (const account_id of this.gained) this.place(account_id)
    this.gained.clear()
    for (const { anchor, key } of this.begun) {
      const tie = this.anchors.get(anchor.key) === anchor ? anchor.ties.get(key) : null
      if (!tie) continue
      for (const account_id of holdersOfBoth(anchor.key, key, this.holdings)) this.attach(account_id, tie)
    }
    this.begun.length = 0
  }

  takeChanges(): ComponentChanges {
    const { reshaped, stale } = this
    this.reshaped = new Set()
    this.stale = new Set()
    return { reshaped, stale }
  }

  private loosen(tie: Tie): void {
    const component = this.places.get(tie)
    if (component) this.loose.add(component)
  }

  private takeApart(component: Component): void {
    this.retire(component)
    for (const tie of component.ties) this.places.delete(tie)
    for (const account_id of component.accounts) {
      this.homes.delete(account_id)
      this.gained.add(account_id)
    }
  }

  private place(account_id: string): void {
    const { anchors, others } = this.holdings.holder(account_id)
    for (const { key } of anchors.keys()) {
      const anchor = this.anchors.get(key)
      if (!anchor) continue
      for (const other of others.keys()) {
        const tie = anchor.ties.get(other.key)
        if (tie) this.attach(account_id, tie)
      }
    }
  }

  private attach(account_id: string, tie: Tie): void {
    const home = this.homes.get(account_id)
    const place = this.places.get(tie)
    if (home && home === place) return
    const component = home && place ? this.merge(home, place) : (home ?? place ?? new Component())
    if (!home) this.move(account_id, component)
    if (!place) this.tie(tie, component)
    this.stale.add(component)
  }

  private merge(a: Component, b: Component): Component {
    const [small, large] = a.size < b.size ? [a, b] : [b, a]
    this.retire(small)
    for (const account_id of small.accounts) this.move(account_id, large)
    for (const tie of small.ties) this.tie(tie, large)
    return large
  }

  private move(account_id: string, component: Component): void {
    component.join(account_id)
    this.homes.set(account_id, component)
    this.reshaped.add(component)
  }

  private tie(tie: Tie, component: Component): void {
    component.tie(tie)
    this.places.set(tie, component)
  }

  private retire(component: Component): void {
    component.isGone = true
    this.reshaped.delete(component)
    this.stale.delete(component)
  }
}
