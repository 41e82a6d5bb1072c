import type { Request } from '../../../../schemas/types.ts'
import { CUE_CLASSES, type CueClass } from '../../../sketch/cues.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Of a day, the latest are kept; none of the scales says more beyond. */
const KEPT_MAX = 256
const CLIENTS_MAX = 64
const STRUCTURE_CHARS = 100
/** Cue score from which a request counts as one with patterns of its class. */
const CUE_MIN = 50

/** What the workers read of a request. */
export interface Entry {
  readonly time_ms: number
  readonly tokens: number
  readonly input_chars: number
  readonly max_tokens: number | null
  readonly system_hash: number | null
  /** Stands in for the first words of the prompt. */
  readonly head_hash: number | null
  /** Length in hundreds of characters, and the head. */
  readonly structure: string
  /** Classes of cues that stand in for patterns of text. */
  readonly cues: readonly CueClass[]
  readonly isRefused: boolean
}

/** An account's requests of the trailing day, oldest first, as in glasswally/src/state/window.rs. */
export class AccountWindow {
  readonly entries: Entry[] = []
  readonly clients = new Set<number>()

  add(request: Request): Entry {
    const entry = entryOf(request)
    this.entries.push(entry)
    while (this.entries.length > KEPT_MAX || this.entries[0]!.time_ms <= entry.time_ms - DAY_MS) this.entries.shift()
    const { tuple_hash } = request.client
    if (tuple_hash !== null && this.clients.size < CLIENTS_MAX) this.clients.add(tuple_hash)
    return entry
  }

  hour(): readonly Entry[] {
    const from_ms = this.entries.at(-1)!.time_ms - HOUR_MS
    const first = this.entries.findIndex(({ time_ms }) => time_ms > from_ms)
    return this.entries.slice(first)
  }
}

function entryOf({ end_time_ms, usage, params, response, sketch }: Request): Entry {
  const input_chars = sketch?.input_chars ?? 0
  const head_hash = sketch?.spans.find(({ place }) => place === 'head')?.hash ?? null
  return {
    time_ms: end_time_ms,
    tokens: usage.input_tokens + usage.output_tokens,
    input_chars,
    max_tokens: params.max_tokens,
    system_hash: sketch?.system_hash ?? null,
    head_hash,
    structure: `${Math.floor(input_chars / STRUCTURE_CHARS)}/${head_hash}`,
    cues: CUE_CLASSES.filter((_, n) => (sketch?.cue_scores[n] ?? 0) >= CUE_MIN),
    isRefused: response.refused,
  }
}
