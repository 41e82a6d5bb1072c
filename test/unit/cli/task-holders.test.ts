import { expect, test } from 'vitest'
import { restoreText, TaskHolders } from '../../../lib/cli/task-holders.ts'
import type { HeldTask, ProcessLook } from '../../../lib/monitor/state-reader.ts'

const RESTORE = { records: 31, bytes: 5_240_000, accounts: 1_204, remaining: 35 }

function held(given: Partial<HeldTask> = {}): HeldTask {
  return { groupId: 'hydrawatch.fingerprints', task: 0, state: 'restoring', restore: RESTORE, ...given }
}

function look(process: string, ...tasks: HeldTask[]): ProcessLook {
  return { process, tasks, problem: null }
}

test('a task is found at the process that holds it, by its group and number', () => {
  const holders = new TaskHolders([
    look('a:1', held()),
    look('b:1', held({ task: 1, state: 'running', restore: null })),
  ])
  expect(holders.of(held())?.process).toBe('a:1')
  expect(holders.of(held({ task: 1 }))?.process).toBe('b:1')
  expect(holders.of(held({ task: 2 }))).toBeNull()
  expect(holders.of(held({ groupId: 'other.hydrawatch.fingerprints' }))).toBeNull()
})

test('of two processes that say they hold a task the one that restores it is shown, in whatever order they answer', () => {
  const before = look('before:1', held({ state: 'running', restore: null }))
  const next = look('next:1', held())
  for (const looks of [
    [before, next],
    [next, before],
  ]) {
    expect(new TaskHolders(looks).of(held())?.process).toBe('next:1')
  }
})

test('a restore is told in a few words', () => {
  const textOf = (given: Partial<HeldTask>) => restoreText({ process: 'a:1', ...held(given) })
  expect(textOf({})).toBe('1204 accounts, 5.2 MB, 35 offsets to go')
  expect(textOf({ restore: { ...RESTORE, accounts: null, bytes: 41_500 } })).toBe('42 kB, 35 offsets to go')
  expect(textOf({ restore: { records: 1, bytes: 80, accounts: 0, remaining: 99 } })).toBe(
    '0 accounts, 80 B, 99 offsets to go',
  )
  expect(textOf({ restore: null })).toBe('restoring')
  expect(textOf({ state: 'assigned', restore: null })).toBe('assigned')
  expect(textOf({ state: 'running', restore: null })).toBe('-')
  expect(restoreText(null)).toBe('unknown')
})
