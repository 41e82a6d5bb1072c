import { ByteHeap, NO_RECORD } from '../../lib/stream/byte-heap.ts'
import { compareText } from '../../lib/stream/order.ts'
import type { AccountState } from './account.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { readHead, writeHead } from './packed-head.ts'

const CAPACITY_MIN = 1024
/** In place of a hop: the head is in no block. */
const NO_BLOCK = -1

/**
 * The accounts of a task, packed: what changes with every hop in columns, the rest in bytes. An account has the smallest
 * number that was free, so that numbers are a function of the changes alone, and a restored task goes on with the same ones.
 */
export class AccountTable {
  private readonly numbers = new Map<string, number>()
  private readonly ids: (string | undefined)[] = []
  private readonly heads = new ByteHeap()
  private readonly writer = new ByteWriter()
  private places = new Int32Array(CAPACITY_MIN).fill(NO_RECORD)
  private requests = new Float64Array(CAPACITY_MIN)
  private output_tokens = new Float64Array(CAPACITY_MIN)
  private last_seen_ms = new Float64Array(CAPACITY_MIN)
  private born_hop = new Float64Array(CAPACITY_MIN)
  /** Requests as the head in the changelog says. */
  private requestsInHead = new Float64Array(CAPACITY_MIN)
  /** Hop of the block in the changelog that has the newest head. */
  private headHop = new Float64Array(CAPACITY_MIN).fill(NO_BLOCK)
  private lowestFree = 0
  /** Accounts that have sent something. */
  active = 0
  /** Of heads and ids; columns and the map come to some 150 bytes an account besides. */
  size_bytes = 0

  get size(): number {
    return this.numbers.size
  }

  numberOf(account_id: string): number | null {
    return this.numbers.get(account_id) ?? null
  }

  idOf(number: number): string | null {
    return this.ids[number] ?? null
  }

  bornHopOf(number: number): number {
    return this.born_hop[number]!
  }

  requestsOf(number: number): number {
    return this.requests[number]!
  }

  /** True when the head in the changelog says less than the account has sent. */
  isAheadOfHead(number: number): boolean {
    return this.requests[number] !== this.requestsInHead[number]
  }

  /** What is known of an account, as values of its own; null when there is nothing. */
  load(account_id: string): AccountState | null {
    const number = this.numbers.get(account_id)
    if (number === undefined) return null
    const { bytes, begin } = this.heads.at(this.places[number]!)
    const head = readHead(new ByteReader(bytes, begin))
    // Named one by one: a spread of so many costs more than reading them.
    return {
      number,
      born_hop: head.born_hop,
      account_id,
      facts: head.facts,
      status: head.status,
      org_id: head.org_id,
      first_seen_ms: head.first_seen_ms,
      last_seen_ms: this.last_seen_ms[number]!,
      requests: this.requests[number]!,
      output_tokens: this.output_tokens[number]!,
      snapshot: head.snapshot,
      sighted: head.sighted,
    }
  }

  /** Keeps an account; `number` of a new one is given by `take`. */
  save(state: AccountState): void {
    this.saveTotals(state)
    this.dropHead(state.number)
    this.writer.length = 0
    writeHead(this.writer, state)
    this.places[state.number] = this.heads.put(this.writer.bytes, this.writer.length)
    this.size_bytes += this.writer.length
    // It names the account, and would wait here for a longer one.
    this.writer.bytes.fill(0, 0, this.writer.length)
    this.born_hop[state.number] = state.born_hop
  }

  /** Keeps what changed with a hop alone. */
  saveTotals({
    number,
    requests,
    output_tokens,
    last_seen_ms,
  }: Pick<AccountState, 'number' | 'requests' | 'output_tokens' | 'last_seen_ms'>): void {
    if (this.requests[number] === 0 && requests > 0) this.active++
    this.requests[number] = requests
    this.output_tokens[number] = output_tokens
    this.last_seen_ms[number] = last_seen_ms
  }

  /** Raises totals to those of a pane. */
  raiseTotals(number: number, totals: Pick<AccountState, 'requests' | 'output_tokens' | 'last_seen_ms'>): void {
    this.requests[number] = Math.max(this.requests[number]!, totals.requests)
    this.output_tokens[number] = Math.max(this.output_tokens[number]!, totals.output_tokens)
    this.last_seen_ms[number] = Math.max(this.last_seen_ms[number]!, totals.last_seen_ms)
  }

  /** Notes that the head is in the changelog, or will be, with these requests. */
  headIsWritten(number: number): void {
    this.requestsInHead[number] = this.requests[number]!
  }

  /** Notes that the head is in the block of a hop in the changelog, or will be, as it is now. */
  headIsIn(account_id: string, hop: number): void {
    const number = this.numbers.get(account_id)
    if (number === undefined) return
    this.headHop[number] = hop
    this.headIsWritten(number)
  }

  /** True when the block of a hop has the newest head of an account. */
  isHeadIn(account_id: string, hop: number): boolean {
    const number = this.numbers.get(account_id)
    return number !== undefined && this.headHop[number] === hop
  }

  /** Packs an account: its columns, then its head as it is kept. */
  write(account_id: string, to: ByteWriter): void {
    const number = this.numbers.get(account_id)!
    to.number(number)
    to.number(this.requests[number]!)
    to.number(this.output_tokens[number]!)
    to.number(this.last_seen_ms[number]!)
    const place = this.places[number]!
    const { bytes, begin } = this.heads.at(place)
    const size_bytes = this.heads.sizeOf(place)
    to.number(size_bytes)
    to.raw(bytes, begin, begin + size_bytes)
  }

  /** Takes an account that it does not have back from where `write` put it: the block of a hop. */
  restore(account_id: string, hop: number, from: ByteReader): void {
    const number = this.take(account_id, from.number())
    this.saveTotals({
      number,
      requests: from.number(),
      output_tokens: from.number(),
      last_seen_ms: from.number(),
    })
    const head = from.block()
    this.born_hop[number] = readHead(new ByteReader(head, 0)).born_hop
    this.places[number] = this.heads.put(head, head.length)
    this.size_bytes += head.length
    this.headIsIn(account_id, hop)
  }

  /** The number of a new account: the smallest free one, or `wanted`, whose former owner goes. */
  take(account_id: string, wanted: number | null = null): number {
    while (this.ids[this.lowestFree] !== undefined) this.lowestFree++
    const number = wanted ?? this.lowestFree
    const former = this.ids[number]
    if (former !== undefined) this.delete(former)
    this.grow(number)
    this.ids[number] = account_id
    this.numbers.set(account_id, number)
    this.size_bytes += account_id.length
    return number
  }

  delete(account_id: string): void {
    const number = this.numbers.get(account_id)
    if (number === undefined) return
    if (this.requests[number]! > 0) this.active--
    this.dropHead(number)
    this.numbers.delete(account_id)
    this.ids[number] = undefined
    this.requests[number] = 0
    this.output_tokens[number] = 0
    this.requestsInHead[number] = 0
    this.headHop[number] = NO_BLOCK
    this.size_bytes -= account_id.length
    this.lowestFree = Math.min(this.lowestFree, number)
  }

  /**
   * Accounts that have sent something, and whose last moment is over; in order of their ids. Who is forgotten first frees
   * its number first, and a restored table holds its accounts in another order than the one that it was.
   */
  silentSince(isOver: (last_seen_ms: number) => boolean): string[] {
    const found: string[] = []
    for (const [account_id, number] of this.numbers) {
      if (this.requests[number]! > 0 && isOver(this.last_seen_ms[number]!)) found.push(account_id)
    }
    return found.sort(compareText)
  }

  /** The `count` accounts that were seen longest ago; of those seen at the same moment, the first by id. */
  longestSilent(count: number): string[] {
    const times = new Float64Array(this.numbers.size)
    let at = 0
    for (const number of this.numbers.values()) times[at++] = this.last_seen_ms[number]!
    times.sort()
    const newest = times[Math.min(count, times.length) - 1]
    if (newest === undefined) return []
    const found: { account_id: string; last_seen_ms: number }[] = []
    for (const [account_id, number] of this.numbers) {
      const last_seen_ms = this.last_seen_ms[number]!
      if (last_seen_ms <= newest) found.push({ account_id, last_seen_ms })
    }
    found.sort((a, b) => a.last_seen_ms - b.last_seen_ms || compareText(a.account_id, b.account_id))
    return found.slice(0, count).map(({ account_id }) => account_id)
  }

  accounts(): IterableIterator<string> {
    return this.numbers.keys()
  }

  private dropHead(number: number): void {
    const place = this.places[number]!
    if (place === NO_RECORD) return
    this.size_bytes -= this.heads.sizeOf(place)
    this.heads.delete(place)
    this.places[number] = NO_RECORD
  }

  private grow(number: number): void {
    let capacity = this.places.length
    if (number < capacity) return
    while (capacity <= number) capacity *= 2
    const longer = (column: Float64Array) => {
      const grown = new Float64Array(capacity)
      grown.set(column)
      return grown
    }
    const places = new Int32Array(capacity).fill(NO_RECORD)
    places.set(this.places)
    this.places = places
    this.requests = longer(this.requests)
    this.output_tokens = longer(this.output_tokens)
    this.last_seen_ms = longer(this.last_seen_ms)
    this.born_hop = longer(this.born_hop)
    this.requestsInHead = longer(this.requestsInHead)
    const former = this.headHop.length
    this.headHop = longer(this.headHop).fill(NO_BLOCK, former)
  }
}
