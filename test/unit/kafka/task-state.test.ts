import { expect, test } from 'vitest'
import { moveTask, type TaskState } from '../../../lib/kafka/task-state.ts'

const STATES: readonly TaskState[] = ['assigned', 'restoring', 'running', 'revoked']
const LEGAL = [
  'assigned > restoring',
  'restoring > running',
  'restoring > assigned',
  'running > assigned',
  'assigned > revoked',
  'restoring > revoked',
  'running > revoked',
]

test('a task runs only after it was restored, and nothing follows its revocation', () => {
  const moves = STATES.flatMap((from) => STATES.map((to) => ({ from, to })))
  const legal = moves.filter(({ from, to }) => {
    try {
      return moveTask(from, to) === to
    } catch {
      return false
    }
  })
  expect(legal.map(({ from, to }) => `${from} > ${to}`).sort()).toEqual([...LEGAL].sort())
  expect(() => moveTask('assigned', 'running')).toThrow('a task can not move from assigned to running')
})
