import { parseArgs } from 'node:util'
import { BREAKS } from './breaks.ts'
import { report } from './report.ts'
import { runSeed } from './run-seed.ts'

// Runs schedules one after the other and prints every one that fails; docs/simulation.md.
const values = readOptions()
const first = wholeNumber('seed', values.seed)
const count = wholeNumber('count', values.count)
if (count === 0) fail('--count 0: at least one schedule, please')
const traceLines_max = values.trace === undefined ? undefined : wholeNumber('trace', values.trace)
const wrap = values.break === undefined ? undefined : BREAKS[values.break]
if (values.break !== undefined && !wrap) {
  fail(`no such break: ${values.break}; there are: ${Object.keys(BREAKS).join(', ')}`)
}

const started_ms = performance.now()
const troubles = new Map<string, number>()
const failed: number[] = []
let steps = 0
for (let seed = first; seed < first + count; seed++) {
  const result = await runSeed(seed, { wrap, isUpgraded: values.upgrade, isStatic: values.static, traceLines_max })
  steps += result.steps
  for (const [kind, times] of Object.entries(result.troubles)) troubles.set(kind, (troubles.get(kind) ?? 0) + times)
  if (result.violations.length > 0) {
    failed.push(seed)
    print(report(seed, result, { broken: values.break, isUpgraded: values.upgrade, isStatic: values.static }))
  } else if (traceLines_max !== undefined) {
    print(result.trace.join('\n'))
  }
  const done = seed - first + 1
  if (done % 500 === 0 && done < count) print(summary(done))
}
print(summary(count))
process.exitCode = failed.length > 0 ? 1 : 0

function summary(done: number): string {
  const minutes = (performance.now() - started_ms) / 60_000
  const kinds = [...troubles].sort().map(([kind, times]) => `${times} ${kind}`)
  return [
    `${done} schedules in ${minutes.toFixed(1)} min (${Math.round(done / minutes)} a minute), ${steps} steps`,
    `${failed.length} failed${failed.length > 0 ? `: seeds ${failed.join(', ')}` : ''}`,
    kinds.join(', '),
  ].join('; ')
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: '1' },
        count: { type: 'string', default: '1' },
        break: { type: 'string' },
        upgrade: { type: 'boolean', default: false },
        static: { type: 'boolean', default: false },
        trace: { type: 'string' },
      },
    }).values
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) fail(`--${name} ${text}: a whole number, please`)
  return Number(text)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
