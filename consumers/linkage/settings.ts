import { z } from 'zod'

const days = (value: number, what: string) => z.number().positive().default(value).describe(what)

/** Settings of the linkage stage: how long a shared object counts, by kind. */
export const linkageSettings = z.strictObject({
  span_ttl_days: days(7, 'an instruction span links for so long after its last use'),
  prefix_ttl_days: days(2, 'a conversation prefix links for so long after its last use'),
  payment_ttl_days: days(30, 'a payment instrument links for so long after its last use'),
  client_ttl_days: days(7, 'a client tuple links for so long after its last use'),
  holders_max: z.int().min(2).default(5_000).describe('holders kept per object; later ones are linked and not kept'),
})

export type LinkageSettings = z.infer<typeof linkageSettings>
