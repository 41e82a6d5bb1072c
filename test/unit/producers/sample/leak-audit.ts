/** One labelled row: what a one-feature rule could look at. A missing field is absent. */
export interface AuditRow {
  malicious: boolean
  fields: Map<string, number>
}

/** Fields that only name a record; whether they are there is audited, their value is not. */
const IDENTIFIERS = new Set(['event_id', 'account_id', 'org_id', 'api_key_id', 'session_id', 'type'])
/** A string with more values than this (an address, a card) is audited by presence only. */
const VALUES_MAX = 60

/**
 * Flattens records to numbers: numbers and booleans as they are, times as milliseconds, texts of `content` as lengths,
 * other strings as one indicator per value, lists as their length, and for every field whether it is there.
 */
export function flattenRecords(records: object[]): Map<string, number>[] {
  const flat = records.map((record) => new Map(leaves('', record)))
  const values = new Map<string, Set<string>>()
  for (const fields of flat) {
    for (const [name, value] of fields) {
      if (typeof value === 'string') values.set(name, (values.get(name) ?? new Set()).add(value))
    }
  }
  return flat.map((fields) => {
    const numbers = new Map<string, number>()
    for (const [name, value] of fields) {
      numbers.set(`${name} present`, 1)
      if (typeof value === 'number') numbers.set(name, value)
      else if ((values.get(name)?.size ?? 0) <= VALUES_MAX) numbers.set(`${name} = ${value}`, 1)
    }
    return numbers
  })
}

function* leaves(path: string, node: unknown): Generator<[string, number | string]> {
  if (node === null || node === undefined) return
  if (typeof node === 'number') yield [path, node]
  else if (typeof node === 'boolean') yield [path, Number(node)]
  else if (Array.isArray(node)) yield* listLeaves(path, node)
  else if (typeof node === 'object') {
    for (const [name, value] of Object.entries(node)) {
      if (IDENTIFIERS.has(name)) {
        if (value !== null && value !== undefined) yield [name, 1]
      } else yield* leaves(path === '' ? name : `${path}.${name}`, value)
    }
  } else if (typeof node === 'string') {
    const time_ms = /^\d{4}-\d\d-\d\dT/.test(node) ? Date.parse(node) : Number.NaN
    if (!Number.isNaN(time_ms)) yield [path, time_ms]
    else yield [path, path.startsWith('content') ? node.length : node]
  }
}

function* listLeaves(path: string, list: unknown[]): Generator<[string, number]> {
  yield [`${path}.length`, list.length]
  if (path === 'content.messages')
    yield [`${path}.chars`, (list as { content: string }[]).reduce((sum, { content }) => sum + content.length, 0)]
}

/** Mean of each field over the rows of one account; a missing field counts as absent, not as zero. */
export function meanFields(rows: Map<string, number>[]): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number }>()
  for (const fields of rows) {
    for (const [name, value] of fields) {
      const seen = sums.get(name) ?? { sum: 0, count: 0 }
      sums.set(name, { sum: seen.sum + value, count: seen.count + 1 })
    }
  }
  return new Map([...sums].map(([name, { sum, count }]) => [name, isIndicator(name) ? sum / rows.length : sum / count]))
}

function isIndicator(name: string): boolean {
  return name.includes(' = ') || name.endsWith(' present')
}

/**
 * AUC of every one-feature stump, in its better direction, highest first: the chance that it ranks a random malicious
 * row above a random benign one, ties counting half. Rows without the field rank below all others.
 */
export function stumpAucs(rows: AuditRow[]): { field: string; auc: number }[] {
  const names = new Set(rows.flatMap(({ fields }) => [...fields.keys()]))
  return [...names]
    .map((field) => {
      const auc = rankAuc(
        rows.map(({ malicious, fields }) => ({ malicious, value: fields.get(field) ?? defaultOf(field) })),
      )
      return { field, auc: Math.max(auc, 1 - auc) }
    })
    .sort((a, b) => b.auc - a.auc)
}

function defaultOf(field: string): number {
  return isIndicator(field) ? 0 : Number.NEGATIVE_INFINITY
}

function rankAuc(points: { malicious: boolean; value: number }[]): number {
  points.sort((a, b) => (a.value === b.value ? 0 : a.value - b.value))
  let rankSum = 0
  let malicious = 0
  for (let from = 0; from < points.length; ) {
    let to = from
    while (to < points.length && points[to]!.value === points[from]!.value) to++
    const hits = points.slice(from, to).filter((point) => point.malicious).length
    rankSum += hits * ((from + to + 1) / 2)
    malicious += hits
    from = to
  }
  const benign = points.length - malicious
  return (rankSum - (malicious * (malicious + 1)) / 2) / (malicious * benign)
}
