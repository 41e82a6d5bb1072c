import type { Alert } from '../../schemas/types.ts'
import { compareText } from '../stream/order.ts'

/** Joins the pages of each alert revision, in order of alert and revision. All pages of a revision are in one hop. */
export function joinPages(pages: readonly Alert[]): Alert[] {
  const revisions = new Map<string, Alert[]>()
  for (const page of pages) {
    const key = `${page.alert_id}/${page.revision}`
    revisions.set(key, [...(revisions.get(key) ?? []), page])
  }
  return [...revisions.values()]
    .map((parts) => {
      const sorted = parts.sort((a, b) => a.page - b.page)
      return {
        ...sorted[0]!,
        accounts: sorted.flatMap(({ accounts }) => accounts),
        related_accounts: sorted.flatMap(({ related_accounts }) => related_accounts),
      }
    })
    .sort((a, b) => compareText(a.alert_id, b.alert_id) || a.revision - b.revision)
}
