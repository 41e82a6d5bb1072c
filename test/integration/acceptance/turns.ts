import { Readable } from 'node:stream'
import { expect } from 'vitest'
import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { alertLine } from '../../../lib/alerts/alert-line.ts'
import { AlertStream } from '../../../lib/alerts/alert-stream.ts'
import type { Codec } from '../../../lib/avro/codec.ts'
import { createContext } from '../../../lib/cli/context.ts'
import { closingWatermark_ms, feed, PRODUCED_TOPICS } from '../../../lib/cli/feed.ts'
import { openInput } from '../../../lib/cli/input.ts'
import { openPublisher } from '../../../lib/kafka/publisher.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { hopOf } from '../../../lib/stream/hop.ts'
import { createIntakeCounters } from '../../../producers/intake/intake.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { hydrawatch, scratch } from '../../helpers/cli.ts'
import { type InputEvent, inOrder, timeAt } from '../../helpers/traffic.ts'
import { waitFor } from '../../helpers/wait-for.ts'
import { capturedIo } from '../../unit/cli/captured-io.ts'
import { type Deployment, openDeployment } from '../pipeline/deployment.ts'
import type { FaultyMemberArguments } from '../pipeline/faulty-member.ts'
import { type Member, type MemberOptions, startMember } from '../pipeline/member.ts'
import { type MemberProcess, spawnMember } from '../runtime/member-process.ts'

export const PARTITIONS = 4
/** What a member holds that is alone. Three stages have a task per partition, two have one. */
export const TASKS = 3 * PARTITIONS + 2
/** Of members that are to lose it. A broker's default would not allow it; those of the tests do. */
export const SESSION_TIMEOUT_MS = 2_500
/** Of members that are not. A quarter of it goes by before one hears of a rebalance. */
const STEADY_TIMEOUT_MS = 6_000
/** Minutes of traffic in which one trouble is met. */
export const TURN_MINUTES = 5
const DEADLINE_MS = 60_000

// One for each turn: what is said in the same words belongs together.
const SUBJECTS =
  'chemistry poetry plumbing taxation gardening astronomy cookery chess geology fashion ballet carpentry medicine railways beekeeping sailing heraldry weaving'.split(
    ' ',
  )

/** One trouble, and what it is met with. Minutes count from the beginning of the turn. */
export interface Turn {
  readonly deployment: Deployment
  /** All stages, or those named, in this process. Stopped at the end of the turn, within its grace period. */
  start(options?: MemberOptions): Promise<Member>
  /** All stages as a process that meets a fault. */
  startProcess(fault: FaultyMemberArguments['fault']): MemberProcess
  /** Events from where the turn before or the last call has ended up to this minute. */
  take(until: number): InputEvent[]
  /** Writes events and, where nothing says otherwise, that nothing older follows. */
  write(events: readonly InputEvent[], options?: WriteOptions): Promise<void>
  /** Writes what `take` gives. */
  produce(until: number): Promise<void>
  /** Resolves when the alerts of all that was written and closed are there to be read. */
  caughtUp(): Promise<void>
}

export interface WriteOptions {
  readonly closes?: boolean
  /** As records of now: a time ahead of the clock is not meant. */
  readonly isLive?: boolean
  readonly codec?: Codec
}

/** A pipeline that is given the traffic of one campaign after the other, each in a turn of its own. */
export interface Turns {
  readonly deployment: Deployment
  /** Takes a turn, and fails unless its alerts are byte for byte those of a run without trouble. */
  take(index: number, trouble: (turn: Turn) => Promise<void>): Promise<void>
  /** Alerts of the whole topic, and what a replay of the same events says. */
  alerts(): Promise<{ actual: string[]; expected: string[] }>
  close(): Promise<void>
}

export async function openTurns(count: number): Promise<Turns> {
  expect(count, 'each turn has a subject of its own').toBeLessThanOrEqual(SUBJECTS.length)
  const events = traffic(count)
  const expected = await replayed(events)
  const deployment = await openDeployment(PARTITIONS, [])
  let taken = 0
  let closed_ms = 0
  let failed: number | null = null

  async function write(part: readonly InputEvent[], options: WriteOptions = {}): Promise<void> {
    const { config, cluster, env, prefix } = deployment
    const { closes = true, isLive = false, codec = cluster.codec } = options
    const publisher = await openPublisher({
      ...{ kafka: cluster.kafka, codec, prefix, partitions: PARTITIONS, topics: PRODUCED_TOPICS },
      ...(isLive ? {} : { acceptFutureAfter_ms: Date.now }),
    })
    try {
      const stdin = Readable.from([Buffer.from(part.map((event) => `${JSON.stringify(event)}\n`).join(''))])
      const context = createContext(Object.assign(capturedIo(env), { stdin }), new AbortController().signal, {}, false)
      const items = openInput(context, config, ['-'], { format: undefined, counters: createIntakeCounters() })
      const { rejects, end_time_ms } = await feed(items, publisher, () => undefined)
      expect(rejects).toBe(0)
      if (!closes || end_time_ms === null) return
      closed_ms = Math.max(closed_ms, end_time_ms)
      await publisher.closeInput(closingWatermark_ms(closed_ms, config.hops))
    } finally {
      await publisher.close()
    }
  }

  /** Whole alerts as they came; fails when one came twice, or a hop was said twice. */
  async function readAlerts(throughHop: number): Promise<string[] | null> {
    const { cluster, prefix } = deployment
    const records = await readTopic({ kafka: cluster.kafka, codec: cluster.codec, prefix, topic: 'alerts' })
    const hops = records.flatMap(({ hop }) => (hop?.last ? [hop.hop] : []))
    if ((hops.at(-1) ?? -1) < throughHop) return null
    expect(hops, 'hops that were said twice').toEqual([...new Set(hops)].sort((a, b) => a - b))
    const stream = new AlertStream()
    const alerts = records.flatMap(({ value, hop }) => stream.add(value, hop?.last ?? false))
    const ids = alerts.map(({ alert_id, revision }) => `${alert_id} ${revision}`)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    return alerts.map(alertLine)
  }

  function alertsOfNow(): Promise<string[]> {
    const hop = hopOf(closed_ms, deployment.config.hops.length_ms)
    return waitFor(`the alerts of hop ${hop}`, () => readAlerts(hop), DEADLINE_MS)
  }

  return {
    deployment,
    async take(index, trouble) {
      // What accounts of the turns before hold counts in an alert: where some of it was never written, it says something else.
      if (failed !== null) throw new Error(`turn ${failed} failed: alerts after it can not be compared`)
      const start = index * TURN_MINUTES
      const members: Member[] = []
      const processes: MemberProcess[] = []
      const turn: Turn = {
        deployment,
        async start(options = {}) {
          const member = await startMember(deployment, { sessionTimeout_ms: STEADY_TIMEOUT_MS, ...options })
          members.push(member)
          return member
        },
        startProcess(fault) {
          const process = spawnMember('../pipeline/faulty-member', {
            ...{ env: deployment.env, sessionTimeout_ms: SESSION_TIMEOUT_MS, fault },
          } satisfies FaultyMemberArguments)
          processes.push(process)
          return process
        },
        take(until) {
          const from = taken
          taken = start + until
          return events.filter(({ event_time }) => isWithin(String(event_time), from, taken))
        },
        write,
        produce: (until) => write(turn.take(until)),
        caughtUp: async () => void (await alertsOfNow()),
      }
      try {
        await trouble(turn)
        const own = (lines: readonly string[]) => lines.filter((line) => isRaisedIn(line, start, start + TURN_MINUTES))
        expect(own(expected), 'a turn without an alert would show nothing').not.toEqual([])
        expect(own(await alertsOfNow())).toEqual(own(expected))
        await Promise.all(members.map(stopInTime))
        for (const process of processes) if (process.isRunning) expect(await process.stop()).toBe(0)
      } catch (error) {
        failed = index
        throw error
      } finally {
        for (const process of processes) process.signal('SIGKILL')
        await Promise.all([...members.map((member) => member.stop()), ...processes.map(({ exited }) => exited)])
      }
    },
    alerts: async () => ({ actual: await alertsOfNow(), expected }),
    close: () => deployment.close(),
  }
}

/** Stops a member, and fails if one of its stages could not leave its group within its grace period. */
export async function stopInTime(member: Member): Promise<void> {
  await member.stop()
  expect(member.logged('stopped without leaving the group')).toBe(0)
}

/** Waits until members hold so many tasks of each stage that has a task per partition, all of them at work. */
export async function sharing(members: readonly Member[], tasks: number): Promise<void> {
  const states = () =>
    STAGE_NAMES.slice(0, 3).flatMap((stage) =>
      members.map(
        (member) =>
          `${stage}: ${member
            .runtime(stage)
            .status()
            .tasks.map(({ task, state }) => `${task} ${state}`)}`,
      ),
    )
  const isShared = (of: string) => of.split('running').length - 1 === tasks && of.split(',').length === tasks
  await waitFor(`${tasks} tasks of each stage in each member`, () => states().every(isShared), DEADLINE_MS).catch(() =>
    expect.fail(`not ${tasks} running tasks in each of ${members.length} members: ${states().join('; ')}`),
  )
}

/** Waits until a member is alone with all tasks. */
export async function alone(member: Member): Promise<void> {
  await waitFor('one member to hold every task', () => member.running() === TASKS, DEADLINE_MS)
}

/**
 * A campaign in each turn, whose first half has its accounts and a request of each, and whose second half has another:
 * its alert is raised in the fourth minute and counts both.
 */
function traffic(count: number): InputEvent[] {
  const turns = Array.from({ length: count }, (_, index) => {
    const start = index * TURN_MINUTES
    const from = start + 1
    const wrapper = wrapperAbout(SUBJECTS[index]!)
    return [
      ...campaign({ name: `turn-${index}`, wrapper, from, until: start + TURN_MINUTES, every: 2 }),
      ...[0.1, 2.1, 4.6].flatMap((at) => crowd(20, start + at)),
    ]
  })
  return inOrder([...crowd(), ...turns.flat()])
}

function wrapperAbout(subject: string): string {
  return `You label ${subject} data for a reward model. Judge the ${subject} response against the rubric of an expert in ${subject}, subtract points for every unsupported ${subject} step, and reply with a score from 0 to 10.`
}

async function replayed(events: readonly InputEvent[]): Promise<string[]> {
  const files = scratch()
  const file = files.write('events.ndjson', events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const run = await hydrawatch(['replay', file, '--alerts', files.path('alerts.ndjson')])
  expect(run.status, run.err).toBe(0)
  return files.read('alerts.ndjson').trimEnd().split('\n')
}

function isWithin(time: string, from: number, until: number): boolean {
  return (from === 0 || time >= timeAt(from)) && time < timeAt(until)
}

/** An alert carries the end of its hop. */
function isRaisedIn(line: string, from: number, until: number): boolean {
  const at = String(JSON.parse(line).event_time)
  return at > timeAt(from) && at <= timeAt(until)
}
