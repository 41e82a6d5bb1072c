import type { StreamSummary } from '../bench.ts'
import type { PartResults, Results } from '../results.ts'
import type { Scorecard } from '../scorecard.ts'
import { number, percent, rate, share } from './cells.ts'
import { comparisonTable, hardComparison } from './comparison.ts'
import type { ReportTable } from './report-table.ts'

const ACCOUNTS_SHARE_MAX = 0.03
const EVENTS_SHARE_MAX = 0.02

/** `output_price_usd`: of a million output tokens, for what has leaked in dollars. */
export function tablesOf(results: Results, output_price_usd: number): ReportTable[] {
  const parts = results.parts.flatMap((part) => tablesOfPart(part, output_price_usd))
  return [wordTable(results), ...parts, costTable(results)].filter(({ rows }) => rows.length > 0)
}

/** What each method does, in the order in which they are named. */
function wordTable({ parts }: Results): ReportTable {
  const words = new Map(parts.flatMap(({ scorecards }) => scorecards.map(({ method, summary }) => [method, summary])))
  return { title: 'methods', columns: ['method', 'what it does'], rows: [...words] }
}

function tablesOfPart(part: PartResults, output_price_usd: number): ReportTable[] {
  const main = part.scorecards.filter(({ method }) => !isAblation(method))
  const ablations = part.scorecards.filter(({ method }) => method === 'pipeline' || isAblation(method))
  const pipeline = part.scorecards[0]!
  return [
    streamTable(part),
    ...(main.length > 1 ? [comparisonTable(`${part.part}: methods side by side`, main)] : []),
    methodTable(`${part.part}: methods`, main),
    accountTable(`${part.part}: accounts`, main),
    clusterTable(`${part.part}: groups`, main),
    leakageTable(`${part.part}: what leaked before ${pipeline.method} noticed`, pipeline, output_price_usd),
    hardTable(`${part.part}: hard negatives under ${pipeline.method}, worst first`, pipeline),
    ...(main.length > 1 ? [hardComparison(`${part.part}: hard negatives, accounts accused`, main)] : []),
    ...(ablations.length > 1 ? [methodTable(`${part.part}: ablation`, ablations)] : []),
  ]
}

function streamTable({ part, summary, stream }: PartResults): ReportTable {
  const share = (a: number, b: number) => `${a} of ${b} (${percent(b === 0 ? null : a / b)})`
  return {
    title: `${part}: ${summary}`,
    columns: [
      'events',
      'days',
      'malicious accounts',
      'malicious events',
      'balance',
      'campaigns',
      'benign organisation-weeks',
    ],
    rows: [
      [
        String(stream.events),
        number(stream.length_days),
        share(stream.malicious_accounts, stream.accounts),
        share(stream.malicious_events, stream.events),
        isBalanced(stream) ? 'as planned' : 'more malicious than the 3% of accounts and 2% of events of the plan',
        String(stream.campaigns),
        number(stream.benign_organisation_weeks),
      ],
    ],
  }
}

function methodTable(title: string, cards: readonly Scorecard[]): ReportTable {
  return {
    title,
    columns: [
      'method',
      'campaigns found',
      'two of a campaign accused',
      'false clusters per 10,000 org-weeks',
      'found at most 1 per 10,000',
      'benign among accused',
      'backbone accused',
      'replacements within 1 h',
      'within 24 h',
      'ECE',
    ],
    rows: cards.map((card) => [
      card.method,
      share(card.campaigns.recall),
      share(card.reached),
      rate(card.campaigns.falseClusters),
      share(card.budgeted.recall),
      share(card.collateral.benignAmongAccused),
      share(card.collateral.backbone),
      share(card.replacement.within_1h),
      share(card.replacement.within_24h),
      number(card.calibration.ece),
    ]),
  }
}

function accountTable(title: string, cards: readonly Scorecard[]): ReportTable {
  return {
    title,
    columns: [
      'method',
      'recall at FPR 0.001',
      'at 0.0001',
      'two of a campaign above FPR 0.001',
      'partial AUC below 0.001',
      'event PR-AUC',
      'chance',
    ],
    rows: cards.map(({ method, accounts }) => [
      method,
      ...accounts.at.map(({ recall, interval, benign_allowed }) => {
        const range = interval ? ` [${percent(interval.low)}, ${percent(interval.high)}]` : ''
        const small = benign_allowed < 1 ? `; ${number(benign_allowed)} benign accounts allowed` : ''
        return `${percent(recall)}${range}${small}`
      }),
      share(accounts.at[0]!.campaigns),
      number(accounts.partial_auc_1e3),
      number(accounts.event_pr_auc),
      number(accounts.event_share),
    ]),
  }
}

function clusterTable(title: string, cards: readonly Scorecard[]): ReportTable {
  return {
    title,
    columns: ['method', 'findings', 'purity', 'completeness', 'B-cubed F1', 'V-measure', 'split', 'merging'],
    rows: cards.map(({ method, clusters, collateral }) => [
      method,
      String(collateral.findings),
      number(clusters.purity),
      number(clusters.completeness),
      number(clusters.b_cubed_f1),
      number(clusters.v_measure),
      String(collateral.splitCampaigns),
      String(collateral.mergingFindings),
    ]),
  }
}

function leakageTable(title: string, { leakage }: Scorecard, output_price_usd: number): ReportTable {
  return {
    title,
    columns: [
      'campaign',
      'level',
      'accounts',
      'exchanges',
      'leaked',
      'share',
      'floored',
      'tokens',
      'USD',
      'after',
      '80% named',
    ],
    rows: leakage.map(({ campaign_id, level, accounts, exchanges, found, named }) => [
      campaign_id,
      String(level ?? ''),
      String(accounts),
      String(exchanges),
      String(found.exchanges),
      percent(found.share),
      percent(found.share_floored),
      String(found.output_tokens),
      ((found.output_tokens / 1e6) * output_price_usd).toFixed(2),
      found.after_ms === null ? 'never' : `${number(found.after_ms / 3_600_000)} h`,
      named.after_ms === null ? 'never' : `${named.exchanges} (${percent(named.share)})`,
    ]),
  }
}

function hardTable(title: string, { hardNegatives }: Scorecard): ReportTable {
  return {
    title,
    columns: ['family', 'instances accused', 'accounts accused'],
    rows: hardNegatives.map(({ family, instances, accounts }) => [family, share(instances), share(accounts)]),
  }
}

function costTable({ cost_curve }: Results): ReportTable {
  return {
    title: 'answers per account and day at which half of the campaigns are found',
    columns: ['level', 'at half', 'tried'],
    rows: cost_curve.map(({ level, throughput_at_half, where, points }) => [
      String(level),
      throughput_at_half === null ? where : number(throughput_at_half),
      points.map(({ throughput, found }) => `${number(throughput)}: ${found.hits} of ${found.trials}`).join('; '),
    ]),
  }
}

/** Rare enough for precision and PR-AUC to mean something; elsewhere they flatter. */
function isBalanced({ accounts, malicious_accounts, events, malicious_events }: StreamSummary): boolean {
  return malicious_accounts <= ACCOUNTS_SHARE_MAX * accounts && malicious_events <= EVENTS_SHARE_MAX * events
}

export function isAblation(method: string): boolean {
  return method.startsWith('pipeline without ')
}
