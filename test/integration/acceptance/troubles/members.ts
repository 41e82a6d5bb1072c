import { expect } from 'vitest'
import { STAGE_NAMES } from '../../../../consumers/pipeline.ts'
import type { Codec } from '../../../../lib/avro/codec.ts'
import type { KafkaClient } from '../../../../lib/kafka/client.ts'
import { groupIdOf } from '../../../../lib/kafka/stage-group.ts'
import { waitFor } from '../../../helpers/wait-for.ts'
import type { Member } from '../../pipeline/member.ts'
import type { Fault } from '../../runtime/fault.ts'
import { watchCommits } from '../../runtime/faults.ts'
import { TestGate } from '../../runtime/gate.ts'
import { type MemberProcess, metFault } from '../../runtime/member-process.ts'
import { alone, PARTITIONS, sharing, stopInTime, type Turn } from '../turns.ts'

// What happens to members, met by the whole pipeline.

export async function oneToFourToTwo(turn: Turn): Promise<void> {
  const members = [await turn.start()]
  await turn.produce(1)
  for (let count = 2; count <= 4; count++) {
    const [member] = await Promise.all([turn.start(), turn.produce(count)])
    members.push(member)
  }
  await sharing(members, PARTITIONS / 4)
  await Promise.all([...members.splice(1, 2).map(stopInTime), turn.produce(5)])
  await sharing(members, PARTITIONS / 2)
}

export async function kills(turn: Turn): Promise<void> {
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

export async function killInRestore(turn: Turn): Promise<void> {
  const process = turn.startProcess({ point: 'restore', occurrence: 20, does: 'kill' })
  await turn.produce(3)
  expect(await process.exited).toBe('SIGKILL')
  await turn.start()
  await turn.produce(5)
}

export async function rebalanceInRestore(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const first = await restoring(turn, gate)
  const joining = turn.start()
  await rebalancing(turn)
  gate.open()
  await sharing([first, await joining], PARTITIONS / 2)
  await turn.produce(5)
}

export async function rebalanceInCommit(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const first = await turn.start({ kafka: (kafka) => heldCommits(kafka, gate) })
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

/** For a pause or a block that outlasts the session. */
export async function silence(turn: Turn, fault: Fault): Promise<void> {
  const survivor = await turn.start()
  const process = turn.startProcess(fault)
  await sharing([survivor], PARTITIONS / 2)
  await turn.produce(3)
  await metFault(process)
  await alone(survivor)
  await turn.caughtUp()
  const before = restores(process)
  process.resume()
  await waitFor('it to have tasks again', () => restores(process) > before, 60_000)
  await turn.produce(5)
}

/** A member whose stages are in the middle of a restore until the gate is opened. */
export async function restoring(turn: Turn, gate: TestGate): Promise<Member> {
  await turn.produce(3)
  gate.shut()
  // Nothing is said to the group while a batch is held.
  const member = await turn.start({ sessionTimeout_ms: 20_000, codec: (codec) => heldReads(codec, gate) })
  await waitFor('a restore of each stage to be under way', () =>
    member.runtimes.every((runtime) =>
      runtime.status().tasks.some(({ restore }) => restore !== null && restore.remaining > 0),
    ),
  )
  await waitFor('a batch to be held', () => gate.waiting > 0)
  return member
}

/** Resolves when every stage's group waits for its members to join again. */
export async function rebalancing({ deployment: { cluster, prefix } }: Turn): Promise<void> {
  const admin = cluster.kafka.admin()
  await admin.connect()
  try {
    await waitFor('the groups to be rebalancing', async () => {
      const { groups } = await admin.describeGroups(STAGE_NAMES.map((stage) => groupIdOf(stage, prefix)))
      return groups.every(({ state }) => state === 'PreparingRebalance')
    })
  } finally {
    await admin.disconnect()
  }
}

/** A client whose transactions are held when they hold records. */
export function heldCommits(kafka: KafkaClient, gate: TestGate): KafkaClient {
  return watchCommits(kafka, (point) => (point === 'records' ? gate.pass() : undefined))
}

/** A codec that says of each batch that it must look something up, and is held up meanwhile. */
export function heldReads(codec: Codec, gate: TestGate): Codec {
  return {
    ...codec,
    isPrepared: () => false,
    async prepareRecords(values) {
      await codec.prepareRecords(values)
      await gate.pass()
    },
  }
}

/** Tasks that it has restored so far. */
function restores({ lines }: MemberProcess): number {
  return lines.filter((line) => line.kind === 'log' && line.message === 'task restored').length
}
