import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createRandom, type Random } from '../../../producers/sample/random.ts'
import type { Fault } from '../runtime/fault.ts'
import { COMMIT_POINTS } from '../runtime/faults.ts'
import { expectSums, finish, Harness } from '../runtime/harness.ts'
import type { MemberProcess } from '../runtime/member-process.ts'
import { countingStage, summingStage } from '../runtime/toy.ts'
import { startTraffic } from './traffic.ts'

// `npm run test:kills -- N` sets a longer count, and HYDRAWATCH_SEED another choice of moments.
const KILLS = Number(process.env.HYDRAWATCH_KILLS ?? 10)
const SEED = Number(process.env.HYDRAWATCH_SEED ?? 1)
const MEMBERS = 3
const PARTITIONS = 6
const SESSION_TIMEOUT_MS = 2_000
const DEADLINE_MS = 60_000 + KILLS * 20_000

const harness = new Harness()
afterEach(() => harness.close())

test(
  `${KILLS} times kill -9 of one of three members, seed ${SEED}: nothing is lost and nothing counted twice`,
  async () => {
    const cluster = await harness.cluster(PARTITIONS)
    const sum = await harness.start(cluster, summingStage, PARTITIONS)
    const publisher = await harness.publisher(cluster, PARTITIONS)
    const traffic = startTraffic(publisher, 1_000)
    const random = createRandom(`kills ${SEED}`)
    const killed: MemberProcess[] = []
    let begun = 0

    /** Each life of a place among the three ends with a kill, until there have been enough of them. */
    async function live(): Promise<void> {
      while (begun < KILLS) {
        const number = begun++
        const fault = faultOf(number, random)
        const member = harness.member(cluster, PARTITIONS, { sessionTimeout_ms: SESSION_TIMEOUT_MS, fault })
        if (fault === undefined) await killAnyTime(member, random)
        expect(await member.exited).toBe('SIGKILL')
        killed.push(member)
      }
    }
    await Promise.all(Array.from({ length: MEMBERS }, live))

    // Whoever takes over from the last of them is not killed.
    const survivor = await harness.start(cluster, countingStage(), PARTITIONS, {
      sessionTimeout_ms: SESSION_TIMEOUT_MS,
    })
    const { requests, lastHop } = await traffic.end()
    await finish(publisher, sum, lastHop)
    await expectSums(cluster, lastHop, requests)
    expect(killed).toHaveLength(KILLS)
    expect(survivor.status().tasks).toHaveLength(PARTITIONS)
    // The kills met members that were at work, not members that were still looking for it.
    expect(
      killed.filter((member) => member.hops().length > 0 || member.lines.some(({ kind }) => kind === 'fault')).length,
    ).toBe(KILLS)
  },
  DEADLINE_MS,
)

/** Every second kill is at a chosen point of a commit, the others at whatever the member is doing. */
function faultOf(number: number, random: Random): Fault | undefined {
  if (number % 2 === 1) return undefined
  const point = COMMIT_POINTS[(number / 2) % COMMIT_POINTS.length]!
  return { point, occurrence: 1 + random.int(4), does: 'kill' }
}

async function killAnyTime(member: MemberProcess, random: Random): Promise<void> {
  while (member.hops().length === 0 && member.isRunning) await pause(5)
  await pause(random.between(0, 300))
  member.signal('SIGKILL')
}
