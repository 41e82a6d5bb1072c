import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { z } from 'zod'
import type { RestoreProgress } from '../kafka/restore.ts'

/** A task, as the process says that holds it. */
export interface HeldTask {
  readonly groupId: string
  readonly task: number
  /** `assigned`, `restoring` or `running`. */
  readonly state: string
  /** How far its restore has come; null when none is under way, or none that knows yet how much there is. */
  readonly restore: RestoreProgress | null
}

/** What one process has answered. */
export interface ProcessLook {
  /** Its address as given; where that is the name of several, with the address that this one has. */
  readonly process: string
  readonly tasks: readonly HeldTask[]
  /** Why its tasks are not known, to stand behind its address; null when they are. */
  readonly problem: string | null
}

export interface LookOptions {
  /** @default 3000 */
  readonly answer_max_ms?: number
  /** Every address of a host. @default the resolver of this machine */
  readonly addressesOf?: (host: string) => Promise<readonly LookupAddress[]>
}

// A process may take a second to ask its brokers where topics end.
const ANSWER_MAX_MS = 3_000

/** What is read of `/statez` (state-page.ts). Processes of other versions may say more. */
const statePageSchema = z.object({
  stages: z.array(
    z.object({
      group_id: z.string(),
      tasks: z.array(
        z.object({
          task: z.int(),
          state: z.string(),
          restore: z
            .object({ records: z.int(), bytes: z.int(), accounts: z.int().nullable(), remaining: z.int() })
            .nullable(),
        }),
      ),
    }),
  ),
})

/**
 * Asks processes for what their tasks do. Never rejects: who does not answer is one of the answers. `addresses`: host:port
 * of what `metrics.port` serves; a name that stands for several processes, such as a service's, is asked at each of them.
 */
export async function lookAtProcesses(addresses: readonly string[], options: LookOptions = {}): Promise<ProcessLook[]> {
  const { answer_max_ms = ANSWER_MAX_MS, addressesOf = (host) => lookup(host, { all: true }) } = options
  const looks = await Promise.all(
    addresses.map(async (address) => {
      try {
        const places = await placesOf(address, addressesOf)
        return await Promise.all(places.map((place) => lookAtProcess(place, answer_max_ms)))
      } catch (error) {
        return [{ process: address, tasks: [], problem: problemOf(error) }]
      }
    }),
  )
  return looks.flat()
}

interface Place {
  readonly process: string
  readonly origin: string
}

async function placesOf(address: string, addressesOf: NonNullable<LookOptions['addressesOf']>): Promise<Place[]> {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
  const found = await addressesOf(host)
  // A process that listens on both families is one.
  const ipv4 = found.filter(({ family }) => family === 4)
  const places = ipv4.length > 0 ? ipv4 : found
  if (places.length === 1) return [{ process: address, origin: `http://${address}` }]
  return places.map(({ address: ip }) => ({
    process: `${address} (${ip})`,
    origin: `http://${isIPv6(ip) ? `[${ip}]` : ip}:${port}`,
  }))
}

async function lookAtProcess({ process, origin }: Place, answer_max_ms: number): Promise<ProcessLook> {
  try {
    const signal = AbortSignal.timeout(answer_max_ms)
    const response = await fetch(`${origin}/statez`, { signal, redirect: 'manual' })
    if (response.status !== 200) return { process, tasks: [], problem: `answers /statez with ${response.status}` }
    const page = statePageSchema.safeParse(await response.json().catch(ifNotJson))
    if (!page.success) return { process, tasks: [], problem: 'answers /statez with something else than our tasks' }
    const tasks = page.data.stages.flatMap(({ group_id: groupId, tasks: held }) =>
      held.map(({ task, state, restore }) => ({ groupId, task, state, restore })),
    )
    return { process, tasks, problem: null }
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === 'TimeoutError'
    const problem = isLate ? `has not answered within ${answer_max_ms / 1_000} s` : problemOf(error)
    return { process, tasks: [], problem }
  }
}

function ifNotJson(error: unknown): null {
  if (error instanceof SyntaxError) return null
  throw error
}

/** `fetch` hides what happened in its cause. */
function problemOf(error: unknown): string {
  const cause: unknown = error instanceof TypeError ? (error.cause ?? error) : error
  if (!(cause instanceof Error)) return 'can not be reached'
  const { code, message }: NodeJS.ErrnoException = cause
  return `can not be reached (${code ?? message})`
}
