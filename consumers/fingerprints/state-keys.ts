import type { FingerprintState } from '../../schemas/types.ts'

/** Parts the names in a key. NUL can't stand in an id that passed the intake, so keys of different accounts never meet. */
export const SEPARATOR = '\u0000'

/** An entry that says nothing; one of its fields is set in each that is written. */
export const NOTHING: FingerprintState = { position: null, head: null, block: null, event_ids: null, heads: null }
