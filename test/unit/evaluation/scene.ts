import { Activity } from '../../../lib/evaluation/activity.ts'
import { type GroundTruth, groundTruth } from '../../../lib/evaluation/ground-truth.ts'
import type { Label } from '../../../lib/evaluation/label.ts'
import type { Finding } from '../../../lib/evaluation/method.ts'
import type { Request } from '../../../schemas/types.ts'

export const HOUR_MS = 3_600_000

/** One account of a hand-made scene. */
export interface Cast {
  readonly id: string
  readonly campaign?: string
  readonly scenario?: string
  readonly instance?: string
  readonly role?: string
  /** Hours at which it makes a request; default one at 0. */
  readonly hours?: readonly number[]
}

/** The truth of a few accounts. Each answer has ten output tokens and takes no time. */
export function sceneOf(cast: readonly Cast[]): GroundTruth {
  const activity = new Activity()
  const calls = cast.flatMap(({ id, hours = [0] }) => hours.map((hour) => ({ id, hour })))
  for (const { id, hour } of calls.sort((a, b) => a.hour - b.hour)) activity.take('requests', request(id, hour))
  return groundTruth(cast.map(labelOf), activity)
}

export function finding(
  id: string,
  hour: number,
  accounts: readonly string[],
  score = 0.5,
  related: string[] = [],
): Finding {
  return {
    finding_id: id,
    event_time_ms: hour * HOUR_MS,
    accounts: accounts.map((account_id) => ({ account_id, score: 1 })),
    related,
    score,
  }
}

function labelOf({ id, campaign, scenario, instance, role }: Cast): Label {
  return {
    account_id: id,
    label: campaign === undefined ? 'benign' : 'malicious',
    campaign_id: campaign ?? null,
    role: role ?? 'member',
    scenario: scenario ?? (campaign === undefined ? 'backbone' : 'M1'),
    first_event: null,
    last_event: null,
    instance: instance ?? null,
  }
}

function request(account_id: string, hour: number): Request {
  const time_ms = hour * HOUR_MS
  return {
    account_id,
    event_time_ms: time_ms,
    end_time_ms: time_ms,
    response: { status: 200 },
    usage: { output_tokens: 10 },
  } as Request
}
