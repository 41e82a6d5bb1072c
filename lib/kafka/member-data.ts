import { z } from 'zod'

// What members of a stage's group tell each other over the broker, as JSON: with a join what a member holds, and with its
// share what all static members were given. Other versions of ours may read and write it: only add to it.

const tasks = z.array(z.number().int()).readonly()
const deal = z.object({ number: z.number().int(), shares: z.record(z.string(), tasks) }).readonly()
const memberData = z.object({
  tasks: tasks.catch([]),
  instance: z.string().nullable().catch(null),
  deal: deal.nullable().catch(null),
})

/**
 * What a leader gave to the static members of its group, by their instance ids. `number` is one more than that of the deal
 * before.
 */
export type Deal = z.output<typeof deal>
/** What a member says with its join. */
export type MemberData = z.output<typeof memberData>

const NOTHING: MemberData = { tasks: [], instance: null, deal: null }

export function encodeMemberData({ tasks, instance, deal }: MemberData): Buffer {
  return Buffer.from(JSON.stringify(instance === null ? { tasks } : { tasks, instance, deal }))
}

/** Anything that is not ours says nothing. */
export function decodeMemberData(bytes: Buffer | undefined): MemberData {
  return memberData.safeParse(parsed(bytes)).data ?? NOTHING
}

export function encodeDeal(dealt: Deal): Buffer {
  return Buffer.from(JSON.stringify(dealt))
}

/** Null for a share without one, as from a group without static members. */
export function decodeDeal(bytes: Buffer | undefined): Deal | null {
  return deal.safeParse(parsed(bytes)).data ?? null
}

function parsed(bytes: Buffer | undefined): unknown {
  try {
    return JSON.parse(String(bytes ?? ''))
  } catch {
    return null
  }
}
