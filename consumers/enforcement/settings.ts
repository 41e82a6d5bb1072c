import { z } from 'zod'

const hours = (value: number, what: string) => z.number().positive().default(value).describe(what)

/** Settings of the enforcement stage. The policy maps an alert's recommended action to one that is allowed, and lets it expire. */
export const enforcementSettings = z.strictObject({
  mode: z
    .enum(['shadow', 'enforced'])
    .default('shadow')
    .describe('shadow: decisions are recorded and gateways ignore them'),
  policy_version: z.string().min(1).default('1').describe('named by every decision'),
  action_max: z
    .enum(['observe', 'verify', 'throttle', 'limit_outputs', 'suspend'])
    .default('verify')
    .describe('strongest action that the policy takes by itself'),
  member_score_min: z.number().min(0).max(1).default(0.5).describe('membership score below which no decision is taken'),
  verify_hours: hours(72, 'a request to verify identity expires after this'),
  throttle_hours: hours(24, 'a throttle expires after this'),
  limit_outputs_hours: hours(24, 'a limit on outputs expires after this'),
  suspend_hours: hours(168, 'a suspension expires after this'),
  actions_per_hour_max: z
    .int()
    .min(1)
    .default(500)
    .describe('breaker: decisions per hour of event time over all alerts'),
  actions_per_alert_hour_max: z
    .int()
    .min(1)
    .default(200)
    .describe('breaker: decisions per hour of event time for one alert'),
})

export type EnforcementSettings = z.infer<typeof enforcementSettings>
