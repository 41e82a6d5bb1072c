import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../../scripts/ci-count.mjs', import.meta.url))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-count-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function reportFile(name: string, passed: number, failed: number, files: unknown[] = []): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults: files }))
  return path
}

function count(...argv: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT, ...argv], { encoding: 'utf8' })
  return { status, stdout }
}

describe('the count of a CI run', () => {
  test('sums the tests of every report', () => {
    const a = reportFile('a.json', 40, 0)
    const b = reportFile('b.json', 2, 0)
    expect(count('tests', '0', a, 'kafka', '0', b, 'check', '0', '-')).toEqual({
      status: 0,
      stdout: '42 passed, 0 failed\n',
    })
  })

  test('takes failed tests from the report, not from the exit status', () => {
    const report = reportFile('failed.json', 7, 3, [{ status: 'failed', assertionResults: [{ status: 'failed' }] }])
    expect(count('tests', '1', report)).toEqual({ status: 1, stdout: '7 passed, 3 failed\n' })
  })

  test('counts one failure for a step that fails without tests', () => {
    const report = reportFile('good.json', 5, 0)
    expect(count('tests', '0', report, 'check', '2', '-')).toEqual({ status: 1, stdout: '5 passed, 1 failed\n' })
  })

  test('counts one failure for a run that fails although its tests pass', () => {
    expect(count('tests', '1', reportFile('unhandled.json', 5, 0))).toEqual({
      status: 1,
      stdout: '5 passed, 1 failed\n',
    })
  })

  test('counts a test file that can not be loaded', () => {
    const report = reportFile('unloaded.json', 5, 0, [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ])
    expect(count('tests', '1', report)).toEqual({ status: 1, stdout: '5 passed, 1 failed\n' })
  })

  test('counts a report that is missing or is none as one failure', () => {
    const broken = join(folder, 'broken.json')
    writeFileSync(broken, '{"numPassedTests":')
    expect(count('tests', '0', join(folder, 'absent.json')).stdout).toBe('0 passed, 1 failed\n')
    expect(count('tests', '0', broken).stdout).toBe('0 passed, 1 failed\n')
  })

  test('does not call a run without steps a success', () => {
    expect(count()).toEqual({ status: 1, stdout: '0 passed, 1 failed\n' })
  })
})
