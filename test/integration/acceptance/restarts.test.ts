import { afterEach, expect, test, vi } from 'vitest'
import { InstanceFenced } from '../../../lib/kafka/errors.ts'
import type { StageRuntime } from '../../../lib/kafka/stage-runtime.ts'
import type { Stage } from '../../../lib/stream/stage.ts'
import { type Cluster, eventually } from '../runtime/cluster.ts'
import { committedThrough, expectSums, finish, Harness, sharedTasks, stopInTime } from '../runtime/harness.ts'
import { countingStage, summingStage } from '../runtime/toy.ts'
import { startTraffic } from './traffic.ts'

const MEMBERS = ['pod-0', 'pod-1', 'pod-2', 'pod-3']
const TASKS_EACH = 2
const PARTITIONS = MEMBERS.length * TASKS_EACH
/** Longer than any restart takes here. */
const SESSION_TIMEOUT_MS = 20_000
const SHORT_SESSION_TIMEOUT_MS = 6_000
// Four members and two stages that move: a minute on a busy machine with Kafka.
vi.setConfig({ testTimeout: 300_000 })
const harness = new Harness()
afterEach(() => harness.close())

test('four members restarted one after the other move no task: each restores its own once, and the others hear nothing', async () => {
  const { members, traffic, expectExact, settled } = await fourMembers()
  const generations = settled.map((member) => member.status().generation)
  const before = settled.map(restores)
  const last: StageRuntime[] = []
  for (const [at, name] of MEMBERS.entries()) {
    await members.stop(name)
    last.push(await members.start(name))
    await committedThrough(last[at]!, traffic.lastHop() + 1)
    const notYet = settled.slice(at + 1)
    expect(notYet.map((member) => member.status().generation)).toEqual(generations.slice(at + 1))
    expect(notYet.map(restores)).toEqual(before.slice(at + 1))
  }
  expect(last.map(restores)).toEqual(MEMBERS.map(() => Array(TASKS_EACH).fill(1)))
  // The one that came back first has not heard of the others either.
  expect(last.map((member) => member.status().generation)).toEqual([1, 1, 1, 1])
  await expectExact()
  expect(members.owners()).toEqual(Array(PARTITIONS).fill(1))
})

test('two members restarted at the same time move no task', async () => {
  const { members, traffic, expectExact, settled } = await fourMembers()
  const others = [settled[1]!, settled[3]!]
  const generations = others.map((member) => member.status().generation)
  await Promise.all([members.stop('pod-0'), members.stop('pod-2')])
  const back = await Promise.all([members.start('pod-2'), members.start('pod-0')])
  for (const member of [...back, ...others]) await committedThrough(member, traffic.lastHop() + 1)
  expect(others.map((member) => member.status().generation)).toEqual(generations)
  expect(back.map(restores)).toEqual(back.map(() => Array(TASKS_EACH).fill(1)))
  await expectExact()
  expect(members.owners()).toEqual(Array(PARTITIONS).fill(1))
})

test('a member that joins while two are away takes its share, and nothing else moves', async () => {
  const { cluster, members, traffic, expectExact, settled } = await fourMembers()
  const before = new Map(MEMBERS.map((name, at) => [name, tasksOf(settled[at]!)]))
  // Once before, so that the coordinator has not heard from them what they hold.
  await Promise.all([members.stop('pod-1'), members.stop('pod-2')])
  await Promise.all([members.start('pod-1'), members.start('pod-2')])
  await Promise.all([members.stop('pod-1'), members.stop('pod-2')])
  const joining = members.start('pod-4')
  await harness.isRebalancing(cluster)
  const back = await Promise.all([members.start('pod-1'), members.start('pod-2')])
  const all = [settled[0]!, ...back, settled[3]!, await joining]
  await eventually('all tasks to run', () => all.flatMap(running).length === PARTITIONS)
  for (const member of all) await committedThrough(member, traffic.lastHop() + 1)
  expect(tasksOf(all[4]!)).toHaveLength(1)
  for (const [at, name] of MEMBERS.entries())
    expect(before.get(name)).toEqual(expect.arrayContaining(tasksOf(all[at]!)))
  await expectExact()
})

test('a member that is killed and started again within its session finds its tasks where it left them', async () => {
  const { cluster, members, traffic, expectExact, settled } = await fourMembers({ inProcess: MEMBERS.slice(1) })
  const generations = settled.map((member) => member.status().generation)
  const options = { sessionTimeout_ms: SESSION_TIMEOUT_MS, groupInstanceId: 'pod-0' }
  const before = settled.map(restores)
  const killed = members.killable[0]!
  const tasks = [...new Set(killed.hops().map(({ task }) => task))].filter(
    (task) => !settled.flatMap(tasksOf).includes(task),
  )
  killed.signal('SIGKILL')
  expect(await killed.exited).toBe('SIGKILL')
  const back = harness.member(cluster, PARTITIONS, options)
  const hop = traffic.lastHop() + 1
  await eventually('its tasks to go on', () => {
    const gone = back.hops().filter((committed) => committed.hop >= hop)
    return new Set(gone.map(({ task }) => task)).size === TASKS_EACH
  })
  for (const member of settled) await committedThrough(member, traffic.lastHop())
  expect([...new Set(back.hops().map(({ task }) => task))].sort((a, b) => a - b)).toEqual(tasks.sort((a, b) => a - b))
  expect(settled.map((member) => member.status().generation)).toEqual(generations)
  expect(settled.map(restores)).toEqual(before)
  await expectExact()
  expect(await back.stop()).toBe(0)
})

test('the tasks of a member that never comes back go to the others when its session ends', async () => {
  const { members, traffic, expectExact } = await fourMembers({ sessionTimeout_ms: SHORT_SESSION_TIMEOUT_MS })
  await members.stop('pod-3')
  const left = members.running()
  await eventually('all tasks to run', () => left.flatMap(running).length === PARTITIONS)
  for (const member of left) await committedThrough(member, traffic.lastHop() + 1)
  await expectExact()
})

test('of two members under one id the older one ends and says why, and the newer one has its tasks', async () => {
  const { members, traffic, expectExact, settled } = await fourMembers()
  const older = settled[1]!
  const tasks = tasksOf(older)
  const newer = await members.start('pod-1')
  await expect(older.closed).rejects.toThrow(InstanceFenced)
  await committedThrough(newer, traffic.lastHop() + 1)
  expect(tasksOf(newer)).toEqual(tasks)
  await expectExact()
})

test('a member that comes back with one more input gets its partitions, by another rebalance', async () => {
  const cluster = await harness.cluster(2)
  const stage = countingStage()
  const before: Stage = { ...stage, inputs: stage.inputs.filter(({ topic }) => topic === 'requests') }
  const options = { sessionTimeout_ms: SESSION_TIMEOUT_MS }
  const sum = await harness.start(cluster, summingStage, 2)
  const publisher = await harness.publisher(cluster, 2)
  const traffic = startTraffic(publisher, 1_000)
  const old = []
  for (const name of ['pod-0', 'pod-1'])
    old.push(await harness.start(cluster, before, 2, { ...options, groupInstanceId: name }))
  await sharedTasks(old, 1)
  const next = []
  for (const [at, name] of ['pod-0', 'pod-1'].entries()) {
    const tasks = tasksOf(old[at]!)
    await old[at]!.stop()
    next.push(await harness.start(cluster, stage, 2, { ...options, groupInstanceId: name }))
    // A hop is closed only when the table has been read as far as it stood.
    await committedThrough(next[at]!, traffic.lastHop() + 1)
    expect(tasksOf(next[at]!)).toEqual(tasks)
  }
  const { requests, lastHop } = await traffic.end()
  await finish(publisher, sum, lastHop)
  await expectSums(cluster, lastHop, requests)
  await stopInTime(cluster, [...next, sum])
})

/**
 * The four members with three running tasks each, under traffic; who commits hops from then on is noted. Those that are not
 * in this process are in one of their own, to be killed.
 */
async function fourMembers({ inProcess = MEMBERS, sessionTimeout_ms = SESSION_TIMEOUT_MS } = {}) {
  const cluster = await harness.cluster(PARTITIONS)
  const sum = await harness.start(cluster, summingStage, PARTITIONS)
  const publisher = await harness.publisher(cluster, PARTITIONS)
  const members = new Members(cluster, sessionTimeout_ms)
  for (const name of MEMBERS) if (!inProcess.includes(name)) members.startKillable(name)
  const settled = await Promise.all(inProcess.map((name) => members.start(name)))
  await sharedTasks(settled, TASKS_EACH)
  // Not before: tasks that move at work leave transactions behind, and a Kafka with new topics takes its time to end them.
  const traffic = startTraffic(publisher, 1_000)
  await eventually('every task to be at work', async () => {
    const hop = traffic.lastHop() - 10
    const elsewhere = members.killable.flatMap((member) => member.hops().filter((committed) => committed.hop > hop))
    return new Set([...settled.flatMap(running), ...elsewhere.map(({ task }) => task)]).size === PARTITIONS
  })
  for (const member of settled) await committedThrough(member, traffic.lastHop() + 1)
  members.noteOwners()
  const expectExact = async (): Promise<void> => {
    const { requests, lastHop } = await traffic.end()
    await finish(publisher, sum, lastHop)
    await expectSums(cluster, lastHop, requests)
    await stopInTime(cluster, [...members.running(), sum])
  }
  return { cluster, members, traffic, expectExact, settled }
}

/** Members by name. */
class Members {
  readonly killable: ReturnType<Harness['member']>[] = []
  private readonly cluster: Cluster
  private readonly sessionTimeout_ms: number
  private readonly runtimes = new Map<string, StageRuntime>()
  private names: Set<string>[] | null = null

  constructor(cluster: Cluster, sessionTimeout_ms: number) {
    this.cluster = cluster
    this.sessionTimeout_ms = sessionTimeout_ms
  }

  async start(groupInstanceId: string): Promise<StageRuntime> {
    const runtime = await harness.start(this.cluster, countingStage(), PARTITIONS, {
      sessionTimeout_ms: this.sessionTimeout_ms,
      groupInstanceId,
      onHop: ({ task }) => this.names?.[task]?.add(groupInstanceId),
    })
    this.runtimes.set(groupInstanceId, runtime)
    return runtime
  }

  startKillable(groupInstanceId: string): void {
    const options = { sessionTimeout_ms: this.sessionTimeout_ms, groupInstanceId }
    this.killable.push(harness.member(this.cluster, PARTITIONS, options))
  }

  async stop(name: string): Promise<void> {
    const runtime = this.runtimes.get(name)!
    this.runtimes.delete(name)
    await runtime.stop()
  }

  running(): StageRuntime[] {
    return [...this.runtimes.values()]
  }

  noteOwners(): void {
    this.names = Array.from({ length: PARTITIONS }, () => new Set())
  }

  /** How many members have committed hops of each task. */
  owners(): number[] {
    return (this.names ?? []).map(({ size }) => size)
  }
}

function tasksOf(member: StageRuntime): number[] {
  return member.status().tasks.map(({ task }) => task)
}

function running(member: StageRuntime): number[] {
  return member.status().tasks.flatMap(({ task, state }) => (state === 'running' ? [task] : []))
}

function restores(member: StageRuntime): number[] {
  return member.counters().tasks.map((task) => task.restores)
}
