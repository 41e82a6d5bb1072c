import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openPublisher, type Publisher } from '../../lib/kafka/publisher.ts'
import { createRandom, type Random } from '../../producers/sample/random.ts'
import { waitFor } from '../helpers/wait-for.ts'
import { type MemberProcess, startMember } from '../integration/runtime/member-process.ts'
import { HOP_MS, requestAt } from '../integration/runtime/toy.ts'
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts'
import { machineText, startMachine } from './machine.ts'
import { note } from './note.ts'
import { table } from './report.ts'

const USAGE = `npm run bench -- blind-time [options]
  --kills <n>       kills for each session timeout (5)
  --sessions <s>    session timeouts in seconds, comma-separated (6,10,30)
  --seed <n>        another choice of moments (1)
`
const PARTITIONS = 4
const PACE_MS = 250
const ACCOUNTS = 40
const DEADLINE_MS = 120_000

/**
 * How long the partitions of a consumer that was killed stand still: from its SIGKILL to the first hop that another member
 * has committed for each of its tasks, with a hop to be closed every 250 ms. The state is small; a large one adds its restore.
 */
export async function benchBlindTime(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kills: { type: 'string', default: '5' },
      sessions: { type: 'string', default: '6,10,30' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(USAGE)
    return
  }
  const random = createRandom(`blind time ${values.seed}`)
  const endMachine = startMachine()
  const cluster = await startBenchCluster(PARTITIONS)
  const publisher = await openPublisher({ ...cluster, topics: ['requests'] })
  const traffic = startTraffic(publisher)
  const lines: string[][] = []
  try {
    for (const session_s of values.sessions.split(',').map(Number)) {
      note(`${values.kills} kills with a session timeout of ${session_s} s`)
      const blind_s = await killMembers(cluster, session_s * 1_000, Number(values.kills), random)
      blind_s.sort((a, b) => a - b)
      const at = (share: number) => (blind_s[Math.max(0, Math.ceil(share * blind_s.length) - 1)] ?? 0).toFixed(1)
      lines.push([`${session_s} s`, String(blind_s.length), at(0), at(0.5), at(1)])
    }
  } finally {
    await traffic.end()
    await publisher.close()
    await cluster.stop()
  }
  const titles = ['session timeout', 'tasks that moved', 'least, s', 'median, s', 'most, s']
  process.stdout.write(`${table(titles, lines)}\n\n${machineText(endMachine())}\n`)
}

/** Seconds that each task stood still which a killed member had. */
async function killMembers(
  { addresses, prefix }: BenchCluster,
  sessionTimeout_ms: number,
  kills: number,
  random: Random,
): Promise<number[]> {
  const place = { broker: addresses.broker, registryUrl: addresses.registry, prefix }
  const members: MemberProcess[] = []
  const join = (): MemberProcess => {
    const member = startMember(place, PARTITIONS, { sessionTimeout_ms })
    members.push(member)
    return member
  }
  try {
    const survivor = join()
    const blind_s: number[] = []
    for (let kill = 0; kill < kills; kill++) {
      await waitFor('the survivor to work', () => tasksOf(survivor, PARTITIONS), DEADLINE_MS)
      const victim = join()
      const tasks = await waitFor('the victim to work', () => tasksOf(victim, PARTITIONS / 2), DEADLINE_MS)
      await pause(random.between(0, 1_000))
      const seen = survivor.hops().length
      victim.signal('SIGKILL')
      const killed_ms = performance.now()
      const taken = new Set<number>()
      await waitFor(
        'every task of the victim to go on',
        () => {
          for (const { task } of survivor.hops().slice(seen)) {
            if (!tasks.includes(task) || taken.has(task)) continue
            taken.add(task)
            blind_s.push((performance.now() - killed_ms) / 1_000)
          }
          return taken.size === tasks.length
        },
        DEADLINE_MS,
      )
    }
    return blind_s
  } finally {
    await Promise.all(members.map((member) => (member.isRunning ? member.stop() : null)))
  }
}

/** The tasks that a member has committed hops of, when they are so many. */
function tasksOf(member: MemberProcess, count: number): number[] | null {
  const tasks = [...new Set(member.hops().map(({ task }) => task))]
  return tasks.length === count ? tasks : null
}

/** A hop of requests on every partition every 250 ms. */
function startTraffic(publisher: Publisher): { end(): Promise<void> } {
  let isOver = false
  const writing = (async () => {
    for (let hop = 1_000; !isOver; hop++) {
      const requests = Array.from({ length: ACCOUNTS }, (_, i) =>
        requestAt(`account-${i}`, hop * HOP_MS + i, `${hop}-${i}`),
      )
      await publisher.publish(requests.map((value) => ({ topic: 'requests', key: value.account_id, value })))
      await pause(PACE_MS)
    }
  })()
  writing.catch(() => undefined)
  return {
    async end() {
      isOver = true
      await writing
    },
  }
}
