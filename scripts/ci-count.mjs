import { readFileSync } from 'node:fs'

// Sums what a CI run did: `node scripts/ci-count.mjs (NAME STATUS REPORT)...`, where STATUS is the step's exit status and
// REPORT a file of vitest's JSON reporter, or `-` for a step that runs no tests. Prints `N passed, N failed`, nothing else,
// to standard output; exits 1 when anything failed or nothing ran.

/** @typedef {{ passed: number, failed: number }} Count */

/**
 * @param {string} path
 * @returns {Count} tests, and one failed for each file that failed without a failing test: it could not be loaded
 */
function readReport(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'))
  const { numPassedTests: passed, numFailedTests: failed, testResults } = report
  if (!Number.isInteger(passed) || !Number.isInteger(failed)) throw new Error('it has no counts of tests')
  const unloaded = testResults.filter(
    (/** @type {{ status: string, assertionResults: { status: string }[] }} */ file) =>
      file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  return { passed, failed: failed + unloaded.length }
}

/**
 * @param {string} name
 * @param {string} status
 * @param {string} report
 * @returns {Count} a step that failed counts at least one failure, whatever its report says
 */
function countStep(name, status, report) {
  const count = { passed: 0, failed: 0 }
  if (report !== '-') {
    try {
      Object.assign(count, readReport(report))
    } catch (error) {
      process.stderr.write(`${name}: no usable test report: ${error instanceof Error ? error.message : error}\n`)
      count.failed = 1
    }
  }
  if (status !== '0' && count.failed === 0) count.failed = 1
  const exited = status === '0' ? '' : ` (exit status ${status})`
  process.stderr.write(`${name}: ${count.passed} passed, ${count.failed} failed${exited}\n`)
  return count
}

const argv = process.argv.slice(2)
const total = { passed: 0, failed: argv.length === 0 || argv.length % 3 !== 0 ? 1 : 0 }
for (let i = 0; i + 2 < argv.length; i += 3) {
  const count = countStep(argv[i] ?? '', argv[i + 1] ?? '', argv[i + 2] ?? '')
  total.passed += count.passed
  total.failed += count.failed
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
process.exitCode = total.failed > 0 ? 1 : 0
