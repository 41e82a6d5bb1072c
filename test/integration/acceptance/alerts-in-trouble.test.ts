import { afterAll, beforeAll, expect, it } from 'vitest'
import { waitFor } from '../../helpers/wait-for.ts'
import type { Fault } from '../runtime/fault.ts'
import { watchCommits } from '../runtime/faults.ts'
import { TestGate } from '../runtime/gate.ts'
import { type MemberProcess, metFault } from '../runtime/member-process.ts'
import { alone, openTurns, PARTITIONS, SESSION_TIMEOUT_MS, sharing, type Turn, type Turns } from './turns.ts'

const TROUBLES: [string, (turn: Turn) => Promise<void>][] = [
  ['nothing at all', nothing],
  ['processes are killed at chosen points of a commit', kills],
  ['a process is killed while it restores', (turn) => killedWhileRestoring(turn)],
  [
    'a member is paused past its session with a transaction open, and resumed',
    (turn) => unheard(turn, { point: 'records', occurrence: 2, does: 'stop' }),
  ],
  [
    'the event loop of a member is blocked past its session',
    (turn) => unheard(turn, { point: 'begin', occurrence: 2, does: { block_ms: 2 * SESSION_TIMEOUT_MS } }),
  ],
  ['the group rebalances in the middle of a commit', rebalanceInCommit],
]

let turns: Turns
beforeAll(async () => {
  turns = await openTurns(TROUBLES.length)
})
afterAll(() => turns.close())

it.each(TROUBLES.map(([name, trouble], index) => ({ name, trouble, index })))(
  'the alerts are byte for byte those of a run without trouble when $name',
  ({ trouble, index }) => turns.take(index, trouble),
)

async function nothing(turn: Turn): Promise<void> {
  await turn.start()
  await turn.produce(3)
  await turn.produce(5)
}

async function kills(turn: Turn): Promise<void> {
  const survivor = await turn.start()
  const processes = [
    turn.startProcess({ point: 'records', occurrence: 2, does: 'kill' }),
    turn.startProcess({ point: 'commit', occurrence: 3, does: 'kill' }),
  ]
  await waitFor('each to have tasks', () => processes.every((process) => restores(process) >= 3), 60_000)
  await turn.produce(3)
  await Promise.all(processes.map(({ exited }) => exited))
  await turn.produce(5)
  await alone(survivor)
}

async function killedWhileRestoring(turn: Turn): Promise<void> {
  const process = turn.startProcess({ point: 'restore', occurrence: 20, does: 'kill' })
  await turn.produce(3)
  expect(await process.exited).toBe('SIGKILL')
  await turn.start()
  await turn.produce(5)
}

async function unheard(turn: Turn, fault: Fault): Promise<void> {
  const survivor = await turn.start()
  const process = turn.startProcess(fault)
  await sharing([survivor], PARTITIONS / 2)
  await turn.produce(3)
  await metFault(process)
  await alone(survivor)
  await turn.caughtUp()
  const before = restores(process)
  if (fault.does === 'stop') process.signal('SIGCONT')
  await waitFor('it to have tasks again', () => restores(process) > before, 60_000)
  await turn.produce(5)
}

/** Tasks that it has restored so far. */
function restores({ lines }: MemberProcess): number {
  return lines.filter((line) => line.kind === 'log' && line.message === 'task restored').length
}

async function rebalanceInCommit(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const first = await turn.start({
    kafka: (kafka) => watchCommits(kafka, (point) => (point === 'records' ? gate.pass() : undefined)),
  })
  await alone(first)
  gate.shut()
  await turn.produce(3)
  await waitFor('transactions to be open', () => gate.waiting > 0)
  const second = await turn.start()
  await sharing([second], PARTITIONS / 2)
  gate.open()
  await sharing([first], PARTITIONS / 2)
  await turn.produce(5)
}
