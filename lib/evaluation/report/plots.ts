import { type EChartsOption, init, type LineSeriesOption, type ScatterSeriesOption } from 'echarts'
import type { Results } from '../results.ts'
import { isAblation } from './tables.ts'

/** A drawing of the report. */
export interface Plot {
  readonly name: string
  readonly svg: string
}

type Series = LineSeriesOption | ScatterSeriesOption

/** As many as there are methods, so that no two lines look alike; the first is the pipeline's. */
const COLOURS = [
  '#000000',
  '#e6194b',
  '#3cb44b',
  '#4363d8',
  '#f58231',
  '#911eb4',
  '#42d4f4',
  '#f032e6',
  '#808000',
  '#9a6324',
  '#469990',
  '#800000',
  '#999999',
]
const LEGEND_ROW = 22
const LEGEND_ROW_NAMES = 6
const SIZE = { width: 760, height: 380 }
const FPR_MIN = 1e-5

/** Plots of the first part, which has all methods, and of the cost curve. Those without data are left out. */
export function plotsOf({ parts, cost_curve }: Results): Plot[] {
  const cards = parts[0]?.scorecards ?? []
  const pipeline = cards[0]
  if (!pipeline) return []
  const methods = cards.filter(({ method }) => !isAblation(method))
  const ablations = cards.filter(({ method }) => method === 'pipeline' || isAblation(method))
  const roc = methods.map(({ method, accounts }) => ({
    name: method,
    type: 'line' as const,
    showSymbol: false,
    data: accounts.curve.map(({ fpr, recall }) => [Math.max(FPR_MIN, fpr), recall]),
  }))
  const leaks = methods.map(({ method, leakage }) => {
    const shares = leakage
      .flatMap(({ found }) => (found.after_ms === null ? [] : [found.share ?? 1]))
      .sort((a, b) => a - b)
    const data = shares.map((value, i) => [value, (i + 1) / leakage.length])
    return { name: method, type: 'line' as const, step: 'end' as const, data: [[0, 0], ...data] }
  })
  const costs = cost_curve.map(({ level, points }) => ({
    name: `level ${level}`,
    type: 'line' as const,
    data: points.map(({ throughput, found }) => [throughput, found.rate]),
  }))
  return [
    draw('roc', lines('Accounts found by false positive rate below 1%', 'false positive rate', 'recall', 'log', roc)),
    draw('leakage', lines('Campaigns found by share leaked', 'share of exchanges', 'campaigns', 'value', leaks)),
    draw('cost-curve', lines('Campaigns found by pace', 'answers per account and day', 'found', 'log', costs)),
    draw(
      'hard-negatives',
      bars(
        'Hard negatives: instances accused',
        pipeline.hardNegatives.map(({ family, instances }) => [family, instances.rate!]),
      ),
    ),
    draw(
      'ablation',
      bars(
        'Campaigns found without a block',
        ablations.map(({ method, campaigns }) => [method, campaigns.recall.rate ?? 0]),
      ),
    ),
    draw(
      'reliability',
      lines('Findings that were right by score', 'score', 'right', 'value', [
        {
          type: 'line',
          name: 'calibrated',
          showSymbol: false,
          data: [
            [0, 0],
            [1, 1],
          ],
        },
        {
          type: 'scatter',
          name: 'pipeline',
          data: pipeline.calibration.bins.map(({ mean_score, right }) => [mean_score, right.rate]),
        },
      ]),
    ),
  ]
}

function lines(title: string, x: string, y: string, scale: 'log' | 'value', series: readonly Series[]): EChartsOption {
  return {
    title: { text: title, textStyle: { fontSize: 14 } },
    // A drawing can't be scrolled: every name stands there, in as many rows as it takes.
    legend: { top: 28, type: 'plain' },
    grid: { top: 56 + LEGEND_ROW * Math.ceil(series.length / LEGEND_ROW_NAMES), left: 60, right: 30, bottom: 50 },
    color: COLOURS,
    xAxis: { type: scale, name: x, nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', name: y, min: 0, max: 1 },
    series: [...series],
  }
}

function bars(title: string, values: readonly (readonly [string, number])[]): EChartsOption {
  return {
    title: { text: title, textStyle: { fontSize: 14 } },
    grid: { top: 50, left: 60, right: 30, bottom: 90 },
    xAxis: { type: 'category', data: values.map(([name]) => name), axisLabel: { rotate: 35, interval: 0 } },
    yAxis: { type: 'value', min: 0, max: 1 },
    series: [{ type: 'bar', data: values.map(([, value]) => value) }],
  }
}

function draw(name: string, option: EChartsOption): Plot {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  chart.setOption({ animation: false, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return { name, svg }
}
