import type { Method } from '../method.ts'
import { exactMatches } from './exact-matches.ts'
import { rateLimit } from './rate-limit.ts'

/** New ones for each stream, in the order of the report. */
export const BASELINES: readonly (() => Method)[] = [() => rateLimit(), () => exactMatches()]
