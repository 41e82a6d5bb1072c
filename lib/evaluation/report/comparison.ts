import type { Proportion } from '../metrics/proportion.ts'
import type { Scorecard } from '../scorecard.ts'
import { number, percent } from './cells.ts'
import type { ReportTable } from './report-table.ts'

/** One line per method, in few words: what it reaches at its own threshold and at an equal one. Intervals stand in the tables after it. */
export function comparisonTable(title: string, cards: readonly Scorecard[]): ReportTable {
  return {
    title,
    columns: [
      'method',
      'campaigns found',
      'two of a campaign accused',
      'malicious accused',
      'benign accused',
      'of them ordinary',
      'false clusters',
      'recall at FPR 0.001',
      'two of a campaign there',
      'event PR-AUC',
    ],
    rows: cards.map(({ method, campaigns, reached, collateral, accounts }) => {
      const { hits, trials } = collateral.benignAmongAccused
      return [
        method,
        counts(campaigns.recall),
        counts(reached),
        String(trials - hits),
        String(hits),
        counts(collateral.backbone),
        String(campaigns.falseClusters.events),
        percent(accounts.at[0]!.recall),
        counts(accounts.at[0]!.campaigns),
        number(accounts.event_pr_auc),
      ]
    }),
  }
}

/** Families down, methods across. */
export function hardComparison(title: string, cards: readonly Scorecard[]): ReportTable {
  const families = cards[0]!.hardNegatives.map(({ family }) => family)
  const collator = new Intl.Collator('en', { numeric: true })
  return {
    title,
    columns: ['family', 'accounts', ...cards.map(({ method }) => method)],
    rows: families.sort(collator.compare).map((family) => {
      const own = cards.map(({ hardNegatives }) => hardNegatives.find((one) => one.family === family)!.accounts)
      return [family, String(own[0]!.trials), ...own.map(({ hits }) => String(hits))]
    }),
  }
}

function counts({ hits, trials }: Proportion): string {
  return trials === 0 ? '-' : `${hits} of ${trials}`
}
