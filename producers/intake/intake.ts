import { createHasher } from '../../lib/sketch/keyed-hash.ts'
import type { SketchKeys } from '../../lib/sketch/request-sketch.ts'
import type { UnreadableLine } from '../traces/format.ts'
import { ArrivalGuard } from './arrival.ts'
import { readRecord } from './contract.ts'
import { createEdge, type TopicRecord } from './edge.ts'
import { type Line, readLines } from './lines.ts'
import type { Refusal, Reject, RejectReason } from './reject.ts'
import { checkSources, readSource, STDIN } from './sources.ts'

export type IntakeItem = { kind: 'record'; record: TopicRecord } | Reject

/** Counted as items leave; read it at the end to say what was refused. */
export interface IntakeCounters {
  /** Lines that were not blank. */
  lines: number
  size_bytes: number
  records: Map<TopicRecord['topic'], number>
  rejects: Map<RejectReason, number>
}

export interface IntakeOptions {
  keys: SketchKeys
  /** Turns the lines of one file of another format into input records, as producers/traces does. */
  convert?: (lines: AsyncIterable<string>) => AsyncIterable<unknown>
  /** Given for live input only: the present in milliseconds. */
  clock?: () => number
  counters?: IntakeCounters
  /** Read for '-'. */
  stdin?: AsyncIterable<Buffer>
}

/** Items in one array: enough that a promise per array costs nothing, few enough to stay in the processor's cache. */
export const CHUNK_ITEMS = 500

export function createIntakeCounters(): IntakeCounters {
  return { lines: 0, size_bytes: 0, records: new Map(), rejects: new Map() }
}

/**
 * From files to topic records: the one way in, for `replay` and for `produce`. Records come in the order of the
 * sources; a line that cannot be used becomes a reject and the run goes on. The same bytes give the same items,
 * except that how they are cut into arrays may differ.
 *
 * @param sources paths, or '-' for standard input; gzip is recognised by content.
 * @throws UsageError before the first item when a source is missing, a directory or not readable.
 */
export async function* intake(sources: readonly string[], options: IntakeOptions): AsyncGenerator<IntakeItem[]> {
  await checkSources(sources)
  const desk = new IntakeDesk(options)
  for (const source of sources) {
    desk.source = source === STDIN ? 'stdin' : source
    const lines = readLines(readSource(source, options.stdin))
    if (options.convert === undefined) yield* desk.readRecords(lines)
    else yield* desk.readConverted(lines, options.convert)
  }
  yield* desk.end()
}

/** Where a record stands in the input. The line is kept only until its record is accepted, refused or held. */
interface Origin {
  source: string
  line: number
  size_bytes: number
  text: string | null
  line_hash: number | null
}

class IntakeDesk {
  source = ''
  private readonly hasher
  private readonly edge
  private readonly guard: ArrivalGuard<{ record: TopicRecord; origin: Origin }>
  private readonly counters: IntakeCounters
  private out: IntakeItem[] = []

  constructor(options: IntakeOptions) {
    this.counters = options.counters ?? createIntakeCounters()
    this.hasher = createHasher(options.keys.infrastructure.secret)
    this.edge = createEdge({ keys: options.keys })
    this.guard = new ArrivalGuard({
      accept: ({ record }) => this.accept(record),
      refuse: ({ origin }, refusal) => this.refuse(origin, refusal),
      clock: options.clock,
    })
  }

  async *readRecords(batches: AsyncIterable<Line[]>): AsyncGenerator<IntakeItem[]> {
    for await (const lines of batches) {
      for (const line of lines) {
        this.takeLine(line)
        if (this.out.length >= CHUNK_ITEMS) yield this.flush()
      }
      // Not held until the array is full: a live pipe may stay silent for long.
      if (this.out.length > 0) yield this.flush()
    }
  }

  /** A converter may look ahead, so a record is placed at the last line that had been read when it came out. */
  async *readConverted(
    batches: AsyncIterable<Line[]>,
    convert: NonNullable<IntakeOptions['convert']>,
  ): AsyncGenerator<IntakeItem[]> {
    // Drained: every line that has arrived has been read, and the next one may be long in coming.
    const feed = { line: 0, isDrained: false }
    for await (const value of convert(this.feed(batches, feed))) {
      this.takeConverted(value, feed.line)
      if (this.out.length >= (feed.isDrained ? 1 : CHUNK_ITEMS)) yield this.flush()
    }
    if (this.out.length > 0) yield this.flush()
  }

  *end(): Generator<IntakeItem[]> {
    this.guard.end()
    if (this.out.length > 0) yield this.flush()
  }

  private async *feed(
    batches: AsyncIterable<Line[]>,
    feed: { line: number; isDrained: boolean },
  ): AsyncGenerator<string> {
    for await (const lines of batches) {
      for (const [index, line] of lines.entries()) {
        // Blank lines were left out; a converter that counts lines must count them.
        for (feed.line += 1; feed.line < line.number; feed.line += 1) yield ''
        feed.isDrained = index === lines.length - 1
        this.countLine(line)
        if (line.text === null) this.refuse(originOf(this.source, line), line.refusal)
        yield line.text ?? ''
      }
    }
    feed.isDrained = false
  }

  private takeLine(line: Line): void {
    this.countLine(line)
    const origin = originOf(this.source, line)
    if (line.text === null) this.refuse(origin, line.refusal)
    else {
      const value = parseJson(line.text)
      if (value === undefined) this.refuse(origin, INVALID_JSON)
      else this.takeValue(value, origin)
    }
  }

  private takeConverted(value: unknown, line: number): void {
    const origin = { source: this.source, line, size_bytes: 0, text: null, line_hash: null }
    if (isUnreadable(value)) {
      this.refuse({ ...origin, line: value.line_number }, { reason: 'invalid_record', detail: value.reason })
    } else this.takeValue(value, origin)
  }

  private takeValue(value: unknown, origin: Origin): void {
    const input = readRecord(value)
    const record = 'reason' in input ? input : this.edge(input)
    if ('reason' in record) this.refuse(origin, record)
    else this.queue(record, origin)
  }

  private queue(record: TopicRecord, origin: Origin): void {
    const isRequest = record.topic === 'requests'
    const time_ms = isRequest ? record.value.end_time_ms : record.value.event_time_ms
    const isHeld = this.guard.push({ item: { record, origin }, time_ms, isRequest })
    if (isHeld) {
      origin.line_hash = this.hashLine(origin)
      origin.text = null
    }
  }

  private accept(record: TopicRecord): void {
    count(this.counters.records, record.topic)
    this.out.push({ kind: 'record', record })
  }

  private refuse(origin: Origin, refusal: Refusal): void {
    count(this.counters.rejects, refusal.reason)
    const { source, line, size_bytes } = origin
    this.out.push({ kind: 'reject', source, line, ...refusal, size_bytes, line_hash: this.hashLine(origin) })
  }

  private hashLine({ line_hash, text }: Origin): number | null {
    return line_hash ?? (text === null ? null : this.hasher.hash52('line', text))
  }

  private countLine(line: Line): void {
    this.counters.lines += 1
    this.counters.size_bytes += line.size_bytes
  }

  private flush(): IntakeItem[] {
    const { out } = this
    this.out = []
    return out
  }
}

// Not the parser's own message: it quotes the line.
const INVALID_JSON: Refusal = { reason: 'invalid_json', detail: 'the line is not valid JSON' }

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function originOf(source: string, line: Line): Origin {
  return { source, line: line.number, size_bytes: line.size_bytes, text: line.text, line_hash: null }
}

function isUnreadable(value: unknown): value is UnreadableLine {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'unreadable'
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
