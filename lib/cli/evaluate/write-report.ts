import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { recordOf } from '../../evaluation/recorded-quality.ts'
import { reportHtml } from '../../evaluation/report/html.ts'
import { plotsOf } from '../../evaluation/report/plots.ts'
import type { ReportTable } from '../../evaluation/report/report-table.ts'
import { type Results, resultsText } from '../../evaluation/results.ts'
import { OutputFailed } from '../line-output.ts'

/** Writes `report.html`, `results.json` and the plots into a folder, which is made. */
export async function writeReport(folder: string, results: Results, tables: readonly ReportTable[]): Promise<void> {
  const plots = plotsOf(results)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'results.json'), resultsText(results))
    await writeFile(join(folder, 'report.html'), reportHtml(results, tables, plots))
    for (const { name, svg } of plots) await writeFile(join(folder, `${name}.svg`), svg)
  } catch (error) {
    throw new OutputFailed(folder, error)
  }
}

/** Writes the figures that later runs are held to. */
export async function writeRecord(path: string, results: Results): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(recordOf(results), null, 2)}\n`)
  } catch (error) {
    throw new OutputFailed(path, error)
  }
}
