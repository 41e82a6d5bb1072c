import type { Alert } from '../../schemas/types.ts'
import { compareAlerts } from './alert-line.ts'
import { joinPages } from './join-pages.ts'

/**
 * Turns the records of the alerts topic into whole alert revisions in CONTRACT's order. Pages of a hop are held until
 * the hop is closed; hops come in order, so what leaves is in order too.
 */
export class AlertStream {
  private pages: Alert[] = []

  /** Adds one record; `closesHop` when its writer closed the hop with it. Returns what that completes. */
  add(page: Alert | null, closesHop: boolean): Alert[] {
    if (page) this.pages.push(page)
    if (!closesHop || this.pages.length === 0) return []
    const alerts = joinPages(this.pages).sort(compareAlerts)
    this.pages = []
    return alerts
  }
}
