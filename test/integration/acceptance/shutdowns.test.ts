import { afterAll, beforeAll, expect, it } from 'vitest'
import { waitFor } from '../../helpers/wait-for.ts'
import { TestGate } from '../runtime/gate.ts'
import { metFault } from '../runtime/member-process.ts'
import { heldAtTheGate, ofPartition, POISON_IN_A_ROW, POISONED_TOPICS, writePoison } from './troubles/inputs.ts'
import { heldCommits, heldReads, rebalancing, restoring } from './troubles/members.ts'
import { brokerOf, knowingCodec, registryOf, variantCodec, whileAway } from './troubles/services.ts'
import { alone, openTurns, PARTITIONS, stopInTime, type Turn, type Turns } from './turns.ts'

// What a stage gives itself to stop is its own (25 s): one that does not leave its group by then says so, and a test that hears
// it fails. Here all five stop in the middle of something, and what starts after them has to come to the alerts of a run
// without any of it. A process that is sent SIGTERM is in sigterm.test.ts as well.

const TROUBLES: [string, (turn: Turn) => Promise<void>][] = [
  ['poison is read', stopAtPoison],
  ['they restore', stopInRestore],
  ['their groups rebalance', stopInRebalance],
  ['transactions are open', stopInCommit],
  ['a partition waits at the gate for the others', stopAtTheGate],
  ['the broker is away', stopWithoutBroker],
  ['they ask a registry that is away', stopWithoutRegistry],
  ['the event loop of their process is blocked', stopWhileBlocked],
]

let turns: Turns
beforeAll(async () => {
  turns = await openTurns(TROUBLES.length)
})
afterAll(() => turns.close())

it.each(TROUBLES.map(([name, trouble], index) => [name, index, trouble] as const))(
  'stages that are stopped while %s end within their grace period, and a new start comes to the same alerts',
  (_name, index, trouble) => turns.take(index, trouble),
)

it('and so are all of them together, with each record that could not be read in the dead letters once', async () => {
  const { actual, expected } = await turns.alerts()
  expect(actual).toEqual(expected)
  const letters = await turns.deployment.deadLetters()
  const places = letters.map(({ source, partition, offset }) => `${source}/${partition} at ${offset}`)
  expect(new Set(places).size).toBe(places.length)
  expect(places).toHaveLength(POISONED_TOPICS.length * PARTITIONS * POISON_IN_A_ROW)
})

async function stopAtPoison(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const member = await turn.start({ codec: (codec) => heldReads(codec, gate) })
  await alone(member)
  gate.shut()
  await writePoison(turn)
  await waitFor('a batch of it to be held', () => gate.waiting > 0)
  await turn.produce(3)
  await stopOpening(gate, member)
  await turn.start()
  await turn.produce(5)
}

async function stopInRestore(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const member = await restoring(turn, gate)
  await stopOpening(gate, member)
  expect(member.logged('task restored')).toBe(0)
  await turn.start()
  await turn.produce(5)
}

async function stopInRebalance(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const member = await restoring(turn, gate)
  const joining = turn.start()
  await rebalancing(turn)
  await stopOpening(gate, member)
  await alone(await joining)
  await turn.produce(5)
}

async function stopInCommit(turn: Turn): Promise<void> {
  const gate = new TestGate()
  const member = await turn.start({ kafka: (kafka) => heldCommits(kafka, gate) })
  await alone(member)
  gate.shut()
  await turn.produce(3)
  await waitFor('transactions to be open', () => gate.waiting > 0)
  await stopOpening(gate, member)
  await turn.start()
  await turn.produce(5)
}

async function stopAtTheGate(turn: Turn): Promise<void> {
  const member = await turn.start()
  const events = await heldAtTheGate(turn, member)
  await stopInTime(member)
  await turn.start()
  for (let partition = 1; partition < PARTITIONS; partition++) {
    await turn.write(ofPartition(events, partition), { closes: partition === PARTITIONS - 1 })
  }
}

async function stopWithoutBroker(turn: Turn): Promise<void> {
  const member = await turn.start()
  await alone(member)
  await turn.produce(3)
  await whileAway(brokerOf(turn), async () => {
    await stopInTime(member)
    await member.closed
  })
  await turn.start()
  await turn.produce(5)
}

async function stopWithoutRegistry(turn: Turn): Promise<void> {
  const variant = await variantCodec(turn)
  const gate = new TestGate()
  // Seconds of asking: longer than anything else here takes to stop.
  const codec = await knowingCodec(turn)
  const member = await turn.start({
    codec: () => ({
      ...codec,
      prepareRecords(values) {
        void gate.pass()
        return codec.prepareRecords(values)
      },
    }),
  })
  await alone(member)
  gate.shut()
  await whileAway(registryOf(turn), async () => {
    await turn.write(turn.take(3), { codec: variant })
    await waitFor('it to ask', () => gate.waiting > 0)
    await stopInTime(member)
    await member.closed
  })
  await turn.start()
  await turn.produce(5)
}

async function stopWhileBlocked(turn: Turn): Promise<void> {
  const process = turn.startProcess({ point: 'records', occurrence: 2, does: 'block' })
  await turn.produce(3)
  await metFault(process)
  process.signal('SIGTERM')
  process.resume()
  expect(await process.exited).toBe(0)
  expect(process.logged('stopped without leaving the group')).toBe(false)
  await turn.start()
  await turn.produce(5)
}

/** Begins to stop, and lets go on what the gate has held. */
async function stopOpening(gate: TestGate, member: Parameters<typeof stopInTime>[0]): Promise<void> {
  const stopped = stopInTime(member)
  gate.open()
  await stopped
  await member.closed
}
