import type { Content, Params, Size } from '../actor.ts'
import type { Head } from '../pool/head.ts'

/** What a relay is asked to have done, by its own programs or by customers of its own. */
export interface Job {
  /** Turns of one conversation carry one key and go to one account while the session sticks. */
  readonly conversation?: string | undefined
  readonly model: string
  readonly params: Params
  readonly size: Size
  /** A function of the job and the head alone: asked again for the same head it says the same. */
  content(head: Head): Content
  /** Who has the conversation so far in its cache: anybody else reads it anew. */
  readonly cachedBy?: Head | undefined
  readonly refused?: boolean
  readonly signatures?: readonly string[]
}
