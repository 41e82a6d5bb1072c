import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Metrics } from '../../../lib/monitor/metrics.ts'
import { selectorsOf } from './promql.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: { readonly summary: string; readonly runbook: string }
}

interface RuleTests {
  readonly tests: readonly { alert_rule_test: readonly { alertname: string; exp_alerts?: readonly unknown[] }[] }[]
}

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[]
}

// What Prometheus itself adds to a sample, and what a histogram's buckets have.
const ADDED_LABELS = ['instance', 'job', 'le']
const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const rules: Rule[] = parse(read('deploy/prometheus/hydrawatch.rules.yml')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
)
const panels: Panel[] = JSON.parse(read('deploy/grafana/hydrawatch.json')).panels
const metrics = new Metrics({ withNode: false })
const labelsByMetric = metrics.labels()
afterAll(() => metrics.close())

function problemsOf(expr: string, shown: string): string[] {
  const { selectors, groupedBy } = selectorsOf(expr)
  const known = selectors.flatMap(({ metric }) => labelsByMetric.get(metric) ?? [])
  return [
    ...selectors.filter(({ metric }) => !labelsByMetric.has(metric)).map(({ metric }) => `no metric ${metric}`),
    ...selectors.flatMap(({ metric, labels }) =>
      labels
        .filter((label) => !labelsByMetric.get(metric)?.includes(label))
        .map((label) => `${metric} has no ${label}`),
    ),
    ...[...groupedBy, ...shownLabels(shown)]
      .filter((label) => !known.includes(label) && !ADDED_LABELS.includes(label))
      .map((label) => `nothing has the label ${label}`),
  ]
}

function shownLabels(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}/g)].map(([, label]) => label ?? '')
}

describe('the alert rules', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s names what is exported', (_name, rule) => {
    expect(problemsOf(rule.expr, rule.annotations.summary)).toEqual([])
  })

  it('send whoever is paged to a section that is there', () => {
    for (const { annotations } of rules) {
      const [, page, heading] = /^(docs\/[a-z]+\.md), "(.*)"$/.exec(annotations.runbook) ?? []
      const headings = [...read(page ?? '').matchAll(/^## (.*)$/gm)].map(([, text]) => text)
      expect(headings).toContain(heading)
    }
  })

  it('fire when they should and not before, with labels for their sentences', (context) => {
    const folder = fileURLToPath(new URL('../../../deploy/prometheus/', import.meta.url))
    const run = spawnSync('promtool', ['test', 'rules', 'hydrawatch.tests.yml'], { cwd: folder, encoding: 'utf8' })
    if (run.error) {
      process.stderr.write('promtool test rules: skipped, there is no promtool here\n')
      context.skip()
    }
    expect(run.status, run.stdout + run.stderr).toBe(0)
  })

  it('are each tried, firing and silent, by the tests for promtool', () => {
    const { tests }: RuleTests = parse(read('deploy/prometheus/hydrawatch.tests.yml'))
    const tried = tests.flatMap(({ alert_rule_test }) => alert_rule_test)
    const names = rules.map(({ alert }) => alert).sort()
    const of = (isFiring: boolean) => [
      ...new Set(tried.filter(({ exp_alerts }) => (exp_alerts !== undefined) === isFiring).map((x) => x.alertname)),
    ]
    expect([of(true).sort(), of(false).sort()]).toEqual([names, names])
  })
})

describe('the dashboard', () => {
  it.each(panels.map((panel) => [panel.title, panel] as const))('%s charts what is exported', (_title, panel) => {
    expect(panel.targets.flatMap(({ expr, legendFormat }) => problemsOf(expr, legendFormat))).toEqual([])
  })
})

describe('the check of names', () => {
  it('finds a metric, a label and a grouping that are not there, and what is not PromQL', () => {
    expect(problemsOf('hydrawatch_hops', '')).toEqual(['no metric hydrawatch_hops'])
    expect(problemsOf('hydrawatch_hops_total{topic="a"}', '')).toEqual(['hydrawatch_hops_total has no topic'])
    expect(problemsOf('sum by (reason) (hydrawatch_hops_total)', '{{ $labels.topic }}')).toEqual([
      'nothing has the label reason',
      'nothing has the label topic',
    ])
    expect(() => problemsOf('sum by (stage) (', '')).toThrow('not PromQL')
  })
})
