import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  AHEAD,
  clockAhead,
  formerOwner,
  POISON_IN_A_ROW,
  POISONED_TOPICS,
  poison,
  repeats,
  unevenPartitions,
} from './troubles/inputs.ts'
import {
  killInRestore,
  kills,
  oneToFourToTwo,
  rebalanceInCommit,
  rebalanceInRestore,
  silence,
} from './troubles/members.ts'
import { brokerAway, brokerRestart, registryAway } from './troubles/services.ts'
import { openTurns, PARTITIONS, type Turn, type Turns } from './turns.ts'

// The whole pipeline meets one trouble after the other, each while the traffic of one campaign is read. What counts are the
// bytes of its alerts. Kills at no chosen moment are in alerts.test.ts, two versions of a detector in upgrade.test.ts, and
// stops in shutdowns.test.ts.

const TROUBLES: [string, (turn: Turn) => Promise<void>][] = [
  // First, so that nothing else stands in any changelog.
  ['each changelog holds nothing but tombstones, aborted records and markers', formerOwner],
  ['poison stands in a row before all else that is to be read', poison],
  ['one member becomes four, and four become two', oneToFourToTwo],
  ['processes are killed at points of a commit', kills],
  ['a process is killed while it restores', killInRestore],
  ['the groups rebalance during a restore', rebalanceInRestore],
  ['the groups rebalance during a commit', rebalanceInCommit],
  [
    'a member is paused past its session with a transaction open, and resumed',
    (turn) => silence(turn, { point: 'records', occurrence: 2, does: 'stop' }),
  ],
  [
    'the event loop of a member is blocked past its session',
    (turn) => silence(turn, { point: 'begin', occurrence: 2, does: 'block' }),
  ],
  ['the broker is restarted', brokerRestart],
  ['the broker is gone for longer than kafkajs tries', brokerAway],
  ['the registry is gone, at work and at a start', registryAway],
  ['each changelog ends in tombstones, aborted records and markers', formerOwner],
  ['all input comes twice or more often', repeats],
  ['one partition is far ahead and the others are empty so far', unevenPartitions],
  ["a producer's clock is a day ahead", clockAhead],
]

let turns: Turns
beforeAll(async () => {
  turns = await openTurns(TROUBLES.length)
})
afterAll(() => turns.close())

it.each(TROUBLES.map(([name, trouble], index) => [name, index, trouble] as const))(
  'the alerts are byte for byte those of a run without trouble when %s',
  (_name, index, trouble) => turns.take(index, trouble),
)

it('and so are all of them together, with nothing in the dead letters but what could not be read', async () => {
  const { actual, expected } = await turns.alerts()
  expect(actual).toEqual(expected)
  const letters = new Map<string, number>()
  for (const { source, stage, reason } of await turns.deployment.deadLetters()) {
    const of = `${stage}: ${reason} in ${source}`
    letters.set(of, (letters.get(of) ?? 0) + 1)
  }
  const poisoned = (reason: string) =>
    POISONED_TOPICS.map((topic) => [`fingerprints: ${reason} in ${topic}`, (PARTITIONS * POISON_IN_A_ROW) / 2] as const)
  expect(Object.fromEntries(letters)).toEqual(
    Object.fromEntries([
      ...poisoned('bad_wire_format'),
      ...poisoned('unknown_schema'),
      ['fingerprints: time_ahead in requests', AHEAD],
    ]),
  )
})
