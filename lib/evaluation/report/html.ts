import type { Results } from '../results.ts'
import type { Plot } from './plots.ts'
import type { ReportTable } from './report-table.ts'

/** The whole report as one file that needs no other. */
export function reportHtml(
  { profile, seed, config_hash }: Results,
  tables: readonly ReportTable[],
  plots: readonly Plot[],
): string {
  const title = `Hydrawatch evaluation: ${profile}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body{font:14px sans-serif;max-width:1200px;margin:2em auto;padding:0 1em}h2{font-size:15px}
div{overflow-x:auto;margin:0 0 2em}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:3px 7px;text-align:left;vertical-align:top}
td:first-child,th:first-child{position:sticky;left:0;background:#fff;white-space:nowrap}th{background:#f3f3f3}
tr:nth-child(odd) td{background:#fafafa}</style></head><body>
<h1>${escaped(title)}</h1>
<p>Seed ${seed}, settings ${escaped(config_hash)}. Intervals are at 95%; where a rate is 0 the bound that the sample permits stands
beside it. This is simulated traffic: nothing here is a claim about real campaigns.</p>
${plots.map(({ svg }) => svg).join('\n')}
${tables.map(tableHtml).join('\n')}
</body></html>
`
}

function tableHtml({ title, columns, rows }: ReportTable): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
  return `<h2>${escaped(title)}</h2><div><table>${line(columns, 'th')}${rows.map((row) => line(row, 'td')).join('')}</table></div>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
