import { type EChartsOption, init } from 'echarts'
import type { Results } from '../results.ts'
import { isAblation } from './tables.ts'

/** A drawing of the report. */
export interface Plot {
  readonly name: string
  readonly svg: string
}

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

function lines(
  title: string,
  x: string,
  y: string,
  scale: 'log' | 'value',
  series: EChartsOption['series'],
): EChartsOption {
  return {
    title: { text: title, textStyle: { fontSize: 14 } },
    legend: { top: 28, type: 'scroll' },
    grid: { top: 70, left: 60, right: 30, bottom: 50 },
    xAxis: { type: scale, name: x, nameLocation: 'middle', nameGap: 28 },
    yAxis: { type: 'value', name: y, min: 0, max: 1 },
    series,
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
