import { rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasGoneByItself, type JavaProcess, runningPid } from '../../../scripts/real-kafka/java-process.mjs'
import { scratch } from '../../helpers/cli.ts'

// No process has this one: Linux counts to 4,194,304.
const NOBODY = '4999999\n'

/** A Java process whose pid file is looked at by one process while another one changes it, at the n-th look. */
function watched(
  written: string | null,
  atLook: Readonly<Record<number, (pidFile: string) => void>> = {},
): JavaProcess {
  const { path } = scratch()
  const file = path('kafka.pid')
  if (written !== null) writeFileSync(file, written)
  let looks = 0
  return {
    name: 'Kafka',
    code: 'KAFKA',
    mark: 'node',
    log: path('kafka.log'),
    get pidFile() {
      atLook[++looks]?.(file)
      return file
    },
  }
}

describe('a process with a pid file', () => {
  it('runs while the process of the file does', () => {
    expect(runningPid(watched(`${process.pid}\n`))).toBe(process.pid)
    expect(hasGoneByItself(watched(`${process.pid}\n`))).toBe(false)
  })

  it('has gone by itself when its file is there and its process is not', () => {
    expect(runningPid(watched(NOBODY))).toBeUndefined()
    expect(hasGoneByItself(watched(NOBODY))).toBe(true)
  })

  it('has not when somebody stops it meanwhile: the file goes first, then the process', () => {
    expect(hasGoneByItself(watched(null))).toBe(false)
    for (const look of [1, 2]) {
      const stopped = watched(NOBODY, { [look]: (file) => rmSync(file) })
      expect(hasGoneByItself(stopped)).toBe(false)
    }
    expect(runningPid(watched(NOBODY, { 1: (file) => rmSync(file) }))).toBeUndefined()
  })

  it('has not when it is started again meanwhile, and not while its file is being written', () => {
    expect(hasGoneByItself(watched(NOBODY, { 2: (file) => writeFileSync(file, `${process.pid}\n`) }))).toBe(false)
    expect(hasGoneByItself(watched(''))).toBe(false)
  })
})
