import { z } from 'zod'

const protocolRow = z.object({ name: z.string(), metadata: z.base64() })
/** A group as it is stored, bytes in base64: what its last rebalance has settled. */
export const groupRow = z.object({
  generation: z.number(),
  protocolType: z.string(),
  protocol: z.string(),
  leaderId: z.string(),
  members: z.array(
    z.object({
      id: z.string(),
      // Absent in what was stored before there were static members.
      instanceId: z.string().nullable().default(null),
      clientId: z.string(),
      clientHost: z.string(),
      sessionTimeout_ms: z.number(),
      rebalanceTimeout_ms: z.number(),
      protocols: z.array(protocolRow),
      assignment: z.base64(),
    }),
  ),
})
export type GroupRow = z.infer<typeof groupRow>
