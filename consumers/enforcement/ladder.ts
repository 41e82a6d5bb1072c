import type { EnforcementSettings } from './settings.ts'

/** Actions from the mildest to the strongest (DESIGN §7). */
export const LADDER = ['observe', 'verify', 'throttle', 'limit_outputs', 'suspend'] as const

export type Action = (typeof LADDER)[number]

/** The recommended action, or the strongest that the policy allows. An unknown action is only observed. */
export function allowedAction(recommended: string, settings: EnforcementSettings): Action {
  const wanted = Math.max(0, LADDER.indexOf(recommended as Action))
  return LADDER[Math.min(wanted, LADDER.indexOf(settings.action_max))] ?? 'observe'
}

const HOUR_MS = 3_600_000

/** How long an action lasts, ms; null for `observe`, which asks nothing of a gateway. */
export function duration_ms(action: Action, settings: EnforcementSettings): number | null {
  const hours: Record<Action, number | null> = {
    observe: null,
    verify: settings.verify_hours,
    throttle: settings.throttle_hours,
    limit_outputs: settings.limit_outputs_hours,
    suspend: settings.suspend_hours,
  }
  const value = hours[action]
  return value === null ? null : value * HOUR_MS
}
