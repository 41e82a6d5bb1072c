import { setTimeout as after } from 'node:timers/promises'
import type { StageRuntime } from '../kafka/stage-runtime.ts'
import type { CommittedHop } from '../kafka/task-status.ts'
import { EventLoopDelay } from './event-loop-delay.ts'
import { type Health, type HealthLook, liveness, readiness } from './health.ts'
import { JSON_TYPE, type Page, servePages } from './http-pages.ts'
import { Metrics } from './metrics.ts'
import { type StageView, stageView } from './stage-view.ts'
import { statePage } from './state-page.ts'

export interface MonitorOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** Names of the stages that will run in this process. */
  readonly expected: readonly string[]
  /** The longest that a live task which keeps up takes from one commit to the next (`commitDue_ms`). */
  readonly due_ms: number
  /** Epoch ms. */
  readonly now: () => number
}

/** The pages of one process: `/metrics`, `/livez`, `/readyz`, `/statez`. Open from before the first stage to after the last. */
export interface Monitor {
  readonly port: number
  /** Adds a stage that has been started. */
  watch(stage: StageRuntime): void
  /** For each committed hop of every stage. */
  onHop(hop: CommittedHop): void
  close(): Promise<void>
}

// A broker that is away must not keep anybody from seeing that it is.
const REFRESH_MAX_MS = 1_000

/** Rejects with PortInUse or CanNotListen. */
export async function startMonitor(options: MonitorOptions): Promise<Monitor> {
  const { host, port, expected, due_ms, now } = options
  const stages: StageRuntime[] = []
  const eventLoop = new EventLoopDelay()
  const metrics = new Metrics({ withNode: true })

  const look = (): HealthLook => ({
    now_ms: now(),
    expected,
    stages: stages.map((stage) => stage.status()),
    eventLoopDelay_ms: eventLoop.last_ms(),
  })
  const views = async (): Promise<StageView[]> => {
    await refreshEnds(stages)
    return stages.map((stage) => stageView(stage.status(), stage.counters(), now(), due_ms))
  }
  try {
    const server = await servePages(
      { what: 'the metrics endpoint', host, port },
      {
        '/metrics': async () => ({
          status: 200,
          contentType: metrics.contentType,
          body: await metrics.text(await views(), now()),
        }),
        '/livez': async () => healthPage(liveness(look())),
        '/readyz': async () => healthPage(readiness(look())),
        '/statez': async () => jsonPage(200, statePage(await views(), now())),
      },
    )
    eventLoop.start()
    return {
      port: server.port,
      watch: (stage) => stages.push(stage),
      onHop: (hop) => metrics.observe(hop),
      async close() {
        eventLoop.stop()
        await server.close()
        metrics.close()
      },
    }
  } catch (error) {
    metrics.close()
    throw error
  }
}

/** Asks where topics end, for a second at the most: what is known from the last fetches stands in until the answer comes. */
async function refreshEnds(stages: readonly StageRuntime[]): Promise<void> {
  const limit = new AbortController()
  await Promise.race([
    Promise.allSettled(stages.map((stage) => stage.refreshEnds())),
    after(REFRESH_MAX_MS, undefined, { signal: limit.signal }).catch(() => undefined),
  ])
  limit.abort()
}

function healthPage(health: Health): Page {
  return jsonPage(health.status === 'ok' ? 200 : 503, health)
}

function jsonPage(status: number, value: object): Page {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value)}\n` }
}
