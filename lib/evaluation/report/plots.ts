import {
  type EChartsOption,
  init,
  type LineSeriesOption,
  type ScatterSeriesOption,
  type TitleComponentOption,
} from 'echarts'
import type { Proportion } from '../metrics/proportion.ts'
import type { Results } from '../results.ts'
import type { Scorecard } from '../scorecard.ts'
import { number } from './cells.ts'
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
const LEGEND_TOP = 28
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
  const isAnyFound = leaks.some(({ data }) => data.length > 1)
  const costs = cost_curve.map(({ level, points }) => ({
    name: `level ${level}`,
    type: 'line' as const,
    data: points.map(({ throughput, found }) => [throughput, found.rate]),
  }))
  const families = pipeline.hardNegatives.map(({ family, instances }) => [family, instances] as const)
  const blocks = ablations.map(({ method, campaigns }) => [method.replace(/^pipeline /, ''), campaigns.recall] as const)
  return [
    draw('roc', lines('Accounts found by false positive rate below 1%', 'false positive rate', 'recall', 'log', roc)),
    isAnyFound &&
      draw('leakage', lines('Campaigns found by share leaked', 'share of exchanges', 'campaigns', 'value', leaks)),
    costs.length > 0 &&
      draw('cost-curve', lines('Campaigns found by pace', 'answers per account and day', 'found', 'log', costs)),
    families.length > 0 && draw('hard-negatives', bars('Hard negatives: instances accused', families)),
    blocks.length > 1 && draw('ablation', bars('Campaigns found without a block', blocks)),
    pipeline.calibration.bins.length > 0 &&
      draw('reliability', lines('Findings that were right by score', 'score', 'right', 'value', reliability(pipeline))),
  ].filter((plot) => plot !== false)
}

function reliability({ calibration }: Scorecard): Series[] {
  const diagonal = [
    [0, 0],
    [1, 1],
  ]
  const bins = calibration.bins.map(({ mean_score, right }) => [mean_score, right.rate])
  return [
    { type: 'line', name: 'calibrated', showSymbol: false, data: diagonal },
    { type: 'scatter', name: 'pipeline', data: bins },
  ]
}

function lines(title: string, x: string, y: string, scale: 'log' | 'value', series: readonly Series[]): EChartsOption {
  return {
    title: titled(title),
    // A drawing can't be scrolled: every name stands there, in as many rows as it takes.
    legend: { top: LEGEND_TOP, type: 'plain', itemGap: 20 },
    grid: { top: 66 + LEGEND_ROW * Math.ceil(series.length / LEGEND_ROW_NAMES), left: 60, right: 30, bottom: 50 },
    color: COLOURS,
    xAxis: { type: scale, name: x, nameLocation: 'middle', nameGap: 28, axisLabel: { formatter: number } },
    yAxis: { type: 'value', name: y, min: 0, max: 1 },
    series: [...series],
  }
}

/** With the intervals' upper ends: a bar of height 0 says little about so many instances as there are. */
function bars(title: string, values: readonly (readonly [string, Proportion])[]): EChartsOption {
  return {
    title: titled(title),
    legend: { top: LEGEND_TOP, type: 'plain', itemGap: 20 },
    grid: { top: 66, left: 60, right: 30, bottom: 110 },
    color: COLOURS,
    xAxis: { type: 'category', data: values.map(([name]) => name), axisLabel: { rotate: 35, interval: 0 } },
    yAxis: { type: 'value', min: 0, max: 1 },
    series: [
      { type: 'bar', name: 'measured', data: values.map(([, { rate }]) => rate ?? 0) },
      {
        type: 'scatter',
        name: 'as high as the sample permits (95%)',
        data: values.map(([, { bound, high }]) => bound ?? high),
      },
    ],
  }
}

function titled(text: string): TitleComponentOption {
  return { text, left: 0, top: 0, textStyle: { fontSize: 14 } }
}

function draw(name: string, option: EChartsOption): Plot {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  chart.setOption({ animation: false, ...option })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return { name, svg }
}
