import { afterEach, expect, test } from 'vitest'
import { DETECTORS } from '../../../consumers/detectors/index.ts'
import type { Detector, Finding } from '../../../consumers/detectors/kit.ts'
import { logprobProbing } from '../../../consumers/detectors/logprob-probing.ts'
import { detectorsStage } from '../../../consumers/detectors/stage.ts'
import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import { readTopic } from '../../../lib/kafka/reader.ts'
import { type StageRuntime, startStage } from '../../../lib/kafka/stage-runtime.ts'
import { campaign, crowd } from '../../helpers/campaigns.ts'
import { hydrawatch, scratch } from '../../helpers/cli.ts'
import { inOrder, tick, timeAt } from '../../helpers/traffic.ts'
import { type Deployment, openDeployment } from '../pipeline/deployment.ts'
import { eventually } from '../runtime/cluster.ts'
import { sharedTasks } from '../runtime/harness.ts'

const PARTITIONS = 4
const files = scratch()
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

test('two versions of a detector during a rolling upgrade: each task changes over once, and the alerts stay the same', async () => {
  const events = inOrder([...crowd(), ...campaign({ until: 40 }), tick(45)])
  const parts = [0, 15, 30].map((from) => {
    const isIn = (time: string): boolean => time >= timeAt(from) && (from === 30 || time < timeAt(from + 15))
    const lines = events.filter(({ event_time }) => isIn(String(event_time))).map((event) => JSON.stringify(event))
    return files.write(`from-${from}.ndjson`, lines.join('\n'))
  })
  const replayed = await hydrawatch(['replay', ...parts, '--alerts', files.path('alerts.ndjson')])
  expect(replayed.status, replayed.err).toBe(0)

  const deployment = await openDeployment(
    PARTITIONS,
    STAGE_NAMES.filter((name) => name !== 'detectors'),
  )
  cleanups.push(() => deployment.close())
  const old = [await startDetectors(deployment, 1), await startDetectors(deployment, 1)]
  await sharedTasks(old, 2)
  await produce(deployment, parts[0]!)
  await eventually('signals of the old version', () => old.every((runtime) => hops(runtime) > 0))
  await old[0]!.stop()
  const first = await startDetectors(deployment, 2)
  await sharedTasks([first, old[1]!], 2)
  await produce(deployment, parts[1]!)
  await eventually('both versions to be at work', () => hops(first) > 0)
  await old[1]!.stop()
  const second = await startDetectors(deployment, 2)
  await sharedTasks([first, second], 2)
  await produce(deployment, parts[2]!)
  await deployment.passed(Date.parse(String(tick(45).event_time)))

  const alerts = await deployment.alertLines()
  expect(alerts.length).toBeGreaterThan(0)
  expect(`${alerts.join('\n')}\n`).toBe(files.read('alerts.ndjson'))
  expect(await deployment.deadLetters()).toEqual([])
  const { prefix, cluster } = deployment
  const signals = await readTopic({ ...cluster, prefix, topic: 'signals' })
  const said = signals.flatMap(({ value }) => (value?.detector === NAME ? [value] : []))
  const versions = new Map<string, number[]>()
  for (const { account_id, version } of said) versions.set(account_id, [...(versions.get(account_id) ?? []), version])
  // A task that has changed over begins anew for its detector, and never goes back.
  expect([...versions.values()].filter((of) => String(of) !== String([...of].sort()))).toEqual([])
  expect(new Set([...versions.values()].map((of) => String([...new Set(of)])))).toContain('1,2')
  expect(new Set(said.map(({ account_id, hop }) => `${account_id} ${hop}`)).size).toBe(said.length)
})

const NAME = 'in-the-making'
const HIT: Finding = { outcome: 'hit', n: 1, observed: 1, baseline: null, p_value: null, reason: 'new', objectives: [] }

/** Hits every account, in shadow, next to the detectors of the registry. */
function inTheMaking(version: number): Detector {
  return {
    ...logprobProbing,
    name: NAME,
    version,
    evaluate: () => ({ ...HIT }),
  }
}

async function startDetectors({ config, cluster, prefix }: Deployment, version: number): Promise<StageRuntime> {
  const { topics, hops: times, detectors } = config
  const runtime = await startStage({
    stage: detectorsStage([...DETECTORS, inTheMaking(version)], { ...detectors, [NAME]: { mode: 'shadow' } }),
    kafka: cluster.kafka,
    codec: cluster.codec,
    settings: { prefix, partitions: topics.partitions, hops: times, sessionTimeout_ms: 6_000 },
    writers: () => PARTITIONS,
    log: () => undefined,
    now: Date.now,
  })
  cleanups.push(() => runtime.stop())
  return runtime
}

/** With a marker at its end: not every partition has traffic up to there. */
async function produce({ env }: Deployment, file: string): Promise<void> {
  const run = await hydrawatch(['produce', file, '--end-of-input'], { env })
  expect(run.status, run.err).toBe(0)
}

function hops(runtime: StageRuntime): number {
  return runtime.counters().tasks.reduce((sum, task) => sum + task.hops, 0)
}
