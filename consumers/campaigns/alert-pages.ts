import type { Alert } from '../../schemas/types.ts'

/** Members per page: at about 120 bytes each a page stays far below a broker's one-megabyte default. */
export const PAGE_ACCOUNTS_MAX = 500

/** Splits an alert revision into a header page with the first members and further pages of members alone. */
export function paginate(alert: Alert): Alert[] {
  const pages = Math.max(
    1,
    Math.ceil(alert.accounts.length / PAGE_ACCOUNTS_MAX),
    Math.ceil(alert.related_accounts.length / PAGE_ACCOUNTS_MAX),
  )
  return Array.from({ length: pages }, (_, page) => {
    const from = page * PAGE_ACCOUNTS_MAX
    return {
      ...alert,
      page,
      pages,
      accounts: alert.accounts.slice(from, from + PAGE_ACCOUNTS_MAX),
      related_accounts: alert.related_accounts.slice(from, from + PAGE_ACCOUNTS_MAX),
      evidence: page === 0 ? alert.evidence : [],
      objectives: page === 0 ? alert.objectives : [],
    }
  })
}
