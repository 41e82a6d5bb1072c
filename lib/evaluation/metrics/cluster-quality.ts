import type { GroundTruth } from '../ground-truth.ts'
import type { Verdict } from './verdicts.ts'

/** How the groups that were found agree with the campaigns. Each is 0 to 1; null where there is nothing to divide by. */
export interface ClusterQuality {
  /** Accused accounts that are of the campaign most common in their group; each benign account is on its own. */
  readonly purity: number | null
  /** Malicious accounts that are in their campaign's largest group. */
  readonly completeness: number | null
  readonly b_cubed_precision: number | null
  readonly b_cubed_recall: number | null
  readonly b_cubed_f1: number | null
  readonly v_measure: number | null
}

interface Item {
  readonly group: string
  readonly campaign: string
  readonly isAccused: boolean
  readonly isMalicious: boolean
}

/**
 * Items are the malicious accounts with requests and all accused ones. An account's group is the finding that accused it
 * last, in the last state that accuses anybody: what has merged into another is not counted twice. Nobody's account is a
 * group of its own, and a benign account a campaign of its own.
 */
export function clusterQuality(verdicts: readonly Verdict[], truth: GroundTruth): ClusterQuality {
  const items = itemsOf(groupsOf(verdicts), truth)
  if (items.length === 0) {
    return {
      purity: null,
      completeness: null,
      b_cubed_precision: null,
      b_cubed_recall: null,
      b_cubed_f1: null,
      v_measure: null,
    }
  }
  const groups = countBy(items, ({ group }) => group)
  const campaigns = countBy(items, ({ campaign }) => campaign)
  const cells = countBy(items, cellOf)
  const precision = mean(items, (item) => cells.get(cellOf(item))! / groups.get(item.group)!)
  const recall = mean(items, (item) => cells.get(cellOf(item))! / campaigns.get(item.campaign)!)
  return {
    purity: largestShare(
      items.filter(({ isAccused }) => isAccused),
      ({ group }) => group,
      ({ campaign }) => campaign,
    ),
    completeness: largestShare(
      items.filter(({ isMalicious }) => isMalicious),
      ({ campaign }) => campaign,
      ({ group }) => group,
    ),
    b_cubed_precision: precision,
    b_cubed_recall: recall,
    b_cubed_f1: harmonic(precision, recall),
    v_measure: vMeasure(items.length, groups, campaigns, cells, items),
  }
}

function groupsOf(verdicts: readonly Verdict[]): Map<string, string> {
  const last = new Map<string, Verdict['finding']>()
  for (const { finding } of verdicts) if (finding.accounts.length > 0) last.set(finding.finding_id, finding)
  const groups = new Map<string, string>()
  for (const finding of [...last.values()].sort((a, b) => a.event_time_ms - b.event_time_ms || a.score - b.score)) {
    for (const { account_id } of finding.accounts) groups.set(account_id, finding.finding_id)
  }
  return groups
}

function itemsOf(groups: ReadonlyMap<string, string>, truth: GroundTruth): Item[] {
  return [...truth.accounts.values()].flatMap(({ account_id, campaign_id, requests }) => {
    const group = groups.get(account_id)
    if (group === undefined && (campaign_id === null || requests === 0)) return []
    return [
      {
        group: group ?? `alone ${account_id}`,
        campaign: campaign_id ?? `benign ${account_id}`,
        isAccused: group !== undefined,
        isMalicious: campaign_id !== null,
      },
    ]
  })
}

/** Of the items, those that are in the largest part of their whole. */
function largestShare(
  items: readonly Item[],
  whole: (item: Item) => string,
  part: (item: Item) => string,
): number | null {
  if (items.length === 0) return null
  const parts = countBy(items, (item) => `${whole(item)}\u0000${part(item)}`)
  const largest = new Map<string, number>()
  for (const [key, count] of parts) {
    const name = key.slice(0, key.indexOf('\u0000'))
    largest.set(name, Math.max(largest.get(name) ?? 0, count))
  }
  return [...largest.values()].reduce((sum, count) => sum + count, 0) / items.length
}

/** Rosenberg and Hirschberg (2007), beta 1: harmonic mean of homogeneity and completeness, both from conditional entropies. */
function vMeasure(
  n: number,
  groups: ReadonlyMap<string, number>,
  campaigns: ReadonlyMap<string, number>,
  cells: ReadonlyMap<string, number>,
  items: readonly Item[],
): number {
  const entropy = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((sum, count) => sum - (count / n) * Math.log(count / n), 0)
  const given = (whole: (item: Item) => number) =>
    items.reduce((sum, item) => sum - Math.log(cells.get(cellOf(item))! / whole(item)) / n, 0)
  const homogeneity = ratio(
    given(({ group }) => groups.get(group)!),
    entropy(campaigns),
  )
  const completeness = ratio(
    given(({ campaign }) => campaigns.get(campaign)!),
    entropy(groups),
  )
  return harmonic(homogeneity, completeness)
}

/** Where there is only one class, nothing can be mixed. */
function ratio(conditional: number, entropy: number): number {
  return entropy === 0 ? 1 : 1 - conditional / entropy
}

function harmonic(a: number, b: number): number {
  return a + b === 0 ? 0 : (2 * a * b) / (a + b)
}

function cellOf({ group, campaign }: Item): string {
  return `${group}\u0000${campaign}`
}

function countBy(items: readonly Item[], name: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(name(item), (counts.get(name(item)) ?? 0) + 1)
  return counts
}

function mean(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0) / items.length
}
