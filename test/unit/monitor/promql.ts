import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly metric: string
  readonly labels: readonly string[]
}

/** What a PromQL expression selects, by Prometheus' own grammar. Throws at one that is not well-formed. */
export function selectorsOf(expr: string): { selectors: Selector[]; groupedBy: string[] } {
  const selectors: { metric: string; labels: string[] }[] = []
  const groupedBy: string[] = []
  parser.parse(expr).iterate({
    enter({ name, from, to, node, type }) {
      if (type.isError) throw new Error(`not PromQL near ${from}: ${expr}`)
      const text = expr.slice(from, to)
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') selectors.push({ metric: text, labels: [] })
      if (name !== 'LabelName') return
      if (node.parent?.name === 'GroupingLabels') groupedBy.push(text)
      else selectors.at(-1)?.labels.push(text)
    },
  })
  return { selectors, groupedBy }
}
