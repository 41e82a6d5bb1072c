import { afterEach, expect, test } from 'vitest'
import { type Cluster, openCluster } from '../../../lib/cli/cluster.ts'
import { createContext } from '../../../lib/cli/context.ts'
import { startStages } from '../../../lib/cli/stages.ts'
import type { StageRuntime } from '../../../lib/kafka/stage-runtime.ts'
import { startMonitor } from '../../../lib/monitor/monitor.ts'
import { openBroker } from '../../helpers/broker.ts'
import { hydrawatch, jsonLines, scratch, startHydrawatch } from '../../helpers/cli.ts'
import { deployment } from '../../helpers/deployment.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { waitFor } from '../../helpers/wait-for.ts'
import { capturedIo } from '../../unit/cli/captured-io.ts'
import { type Barrier, barrier } from '../runtime/faults.ts'

interface Row {
  readonly stage?: string
  readonly topic?: string
  readonly hop?: number | null
  readonly process: string | null
  readonly task_state?: string | null
  readonly restore?: { records: number; bytes: number; accounts: number | null; remaining: number } | null
  readonly problem?: string
}

const MINUTES = 30
// Each hop leaves one at least in the changelog.
const RECORDS_MIN = 20
const files = scratch()
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function requests(): string {
  return Array.from({ length: MINUTES }, (_, minute) =>
    JSON.stringify({
      type: 'request',
      event_id: `e-${minute}`,
      event_time: new Date(Date.UTC(2026, 2, 2, 8, minute)).toISOString(),
      account_id: `acct-${minute}`,
      request_model: 'model-a',
      response: { status: 200 },
    }),
  ).join('\n')
}

/** The cluster, except that a restore stops in the middle of its changelog until the barrier is open. */
function stoppingRestores(cluster: Cluster, { passed }: Barrier, isHalfway: () => boolean): Cluster {
  const { codec, kafka } = cluster
  let isOpen = false
  void passed.then(() => {
    isOpen = true
  })
  return {
    ...cluster,
    // One batch a fetch: a broker gives the first one whole, however little was asked for (KIP-74).
    kafka: {
      ...kafka,
      consumer: (config, ...rest) => kafka.consumer({ ...config, maxBytesPerPartition: 1 }, ...rest),
    },
    codec: {
      ...codec,
      isPrepared: (records) => codec.isPrepared(records) && (isOpen || !isHalfway()),
      async prepareRecords(records) {
        await codec.prepareRecords(records)
        if (isHalfway()) await passed
      },
    },
  }
}

test('a task that restores is shown with its progress beside what the broker says, and an address without answer is named', async () => {
  const broker = await openBroker()
  cleanups.push(() => broker.close())
  const env = deployment(broker, 1)
  expect((await hydrawatch(['topics', 'apply'], { env })).status).toBe(0)
  const produced = await hydrawatch(['produce', files.write('requests.ndjson', requests()), '--end-of-input'], { env })
  expect(produced.status, produced.err).toBe(0)
  const lagOf = async (...options: string[]): Promise<Row[]> => {
    const lag = await hydrawatch(['lag', '--json', ...options], { env })
    expect(lag.status, lag.err).toBe(0)
    return jsonLines<Row>(lag.out)
  }
  const sourceRow = (rows: Row[]) => rows.find(({ stage, topic }) => stage === 'fingerprints' && topic === 'requests')

  const first = startHydrawatch(['run', 'fingerprints'], env)
  const lastHop = Math.floor(Date.UTC(2026, 2, 2, 8, MINUTES - 1) / 60_000)
  await waitFor('every request in a closed hop', async () => (sourceRow(await lagOf())?.hop ?? 0) >= lastHop)
  expect(await first.stop()).toBe(0)

  const context = createContext(capturedIo(env), new AbortController().signal, {}, false)
  const config = context.config()
  const cluster = await openCluster(context, config)
  cleanups.push(() => cluster.close())
  const monitor = await startMonitor({
    host: '127.0.0.1',
    port: 0,
    expected: ['fingerprints'],
    due_ms: 60_000,
    now: Date.now,
  })
  cleanups.push(() => monitor.close())
  const held = barrier()
  const runtimes: StageRuntime[] = []
  const isHalfway = () =>
    runtimes.some((stage) => stage.status().tasks.some(({ restore }) => (restore?.records ?? 0) >= RECORDS_MIN))
  const stages = await startStages(context, config, stoppingRestores(cluster, held, isHalfway), ['fingerprints'], {
    watch(stage) {
      runtimes.push(stage)
      monitor.watch(stage)
    },
  })
  cleanups.push(async () => {
    held.open()
    await stages.stop()
  })
  await waitFor('half a restore', isHalfway)

  const address = `127.0.0.1:${monitor.port}`
  const nobody = `127.0.0.1:${await freePorts(1)}`
  const rows = await lagOf('--process', address, '--process', nobody)
  const restore = runtimes[0]?.status().tasks[0]?.restore
  expect(sourceRow(rows)).toMatchObject({ process: address, task_state: 'restoring', restore })
  expect(restore?.remaining).toBeGreaterThan(0)
  expect(restore?.bytes).toBeGreaterThan(0)
  expect(restore?.accounts).not.toBeNull()
  const detectors = rows.filter(({ stage }) => stage === 'detectors')
  expect(detectors).toMatchObject([{ process: null, task_state: null, restore: null }])
  expect(rows.filter(({ problem }) => problem !== undefined)).toMatchObject([
    { process: nobody, problem: expect.stringContaining('can not be reached') },
  ])

  // The same, from the settings and for people.
  const { out } = await hydrawatch(['lag'], { env: { ...env, HYDRAWATCH_METRICS_PROCESSES: `${address},${nobody}` } })
  expect(out).toContain(`${restore?.accounts} accounts, `)
  expect(out).toContain(` kB, ${restore?.remaining} offsets to go`)
  expect(out).toContain(`${nobody} can not be reached`)
  expect((await hydrawatch(['lag', '--process', 'fingerprints'], { env })).status).toBe(2)

  held.open()
  await waitFor('the end of the restore', async () => {
    return sourceRow(await lagOf('--process', address))?.task_state === 'running'
  })
  expect(sourceRow(await lagOf('--process', address))?.restore).toBeNull()
})
