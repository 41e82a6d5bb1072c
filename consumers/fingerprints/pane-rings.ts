import { type CountedList, Tally } from '../../lib/sketch/heavy-hitters.ts'
import { addPacked, addPackedSpans, type PanePlace, packedSpanUses } from './packed-pane.ts'
import { type Pane, PaneSum } from './pane.ts'
import { BlockDraft, type PaneBlock } from './pane-block.ts'
import { NEXT, type PaneLadder, TIERS, type Tier } from './pane-ladder.ts'

/** One stretch of time of one tier: the panes of every account that was active in it, in blocks. */
interface Slot {
  /** Number of the stretch: hop / hops of the tier. */
  readonly index: number
  readonly blocks: (PaneBlock | undefined)[]
}

/** An account to the rings: its number, and the hop before which panes of that number are somebody else's. */
export interface PaneOwner {
  readonly number: number
  readonly born_hop: number
}

/** What covers a window of so many hops. Windows that hold the same panes have the same content. */
export interface Window {
  readonly hops: number
  readonly content: WindowContent
}

// From here on counting every span once costs less than looking for each.
const ASKED_MAX = 3

/** Panes of one account, oldest first. */
export class WindowContent {
  private readonly places: readonly PanePlace[]
  /** The newest; null when the account was silent in it. */
  private readonly current: Pane | null
  private spans: Tally<number> | null = null
  private asked = 0

  constructor(places: readonly PanePlace[], current: Pane | null) {
    this.places = places
    this.current = current
  }

  /** One pane of them all, in the memory of `sum`, unless it is the newest alone. */
  merged(sum: PaneSum = new PaneSum()): Pane {
    if (this.places.length === 0 && this.current !== null) return this.current
    sum.clear()
    for (const place of this.places) addPacked(place, sum)
    if (this.current !== null) sum.add(this.current)
    return sum.finish()
  }

  /** True when the account used a span at least so often, as far as its panes keep it. */
  usesSpan(object: number, uses_min: number): boolean {
    if (this.spans !== null) return this.spans.countOf(object) >= uses_min
    if (this.asked++ >= ASKED_MAX) {
      this.spans = this.tallySpans()
      return this.spans.countOf(object) >= uses_min
    }
    let uses = 0
    if (this.current !== null) uses += countIn(this.current.spans, object)
    // The newest first: what is used now was mostly used a short while ago.
    for (let at = this.places.length - 1; at >= 0 && uses < uses_min; at--)
      uses += packedSpanUses(this.places[at]!, object)
    return uses >= uses_min
  }

  private tallySpans(): Tally<number> {
    const spans = new Tally<number>()
    for (const place of this.places) addPackedSpans(place, spans)
    if (this.current !== null) spans.addAll(this.current.spans)
    return spans
  }
}

interface Selected {
  readonly index: number
  readonly place: PanePlace
}

/** Hears of what happens to blocks. */
export interface RingEvents {
  /** A block is new, changed or gone. */
  changed(tier: Tier, slot: number, part: number): void
  /** These blocks go, and no longer pane has what is in them. */
  leaving(blocks: readonly PaneBlock[], lastHop: number): void
}

/**
 * The panes of all accounts of a task: four rings of stretches of time. A hop's panes are written once, when the hop is
 * processed; when five minutes are over, those of each account are merged into one, and so on up. Memory and changelog agree
 * exactly, byte for byte. A slot is `index mod slots`; what it holds of an older round is outdated and ignored.
 */
export class PaneRings {
  private readonly rings: Record<Tier, (Slot | undefined)[]> = {
    hop: [],
    five: [],
    long: [],
    longest: [],
  }
  private readonly events: RingEvents
  private readonly ladder: PaneLadder
  private readonly draft = new BlockDraft()
  private readonly sum = new PaneSum()
  private newest: number | null = null
  /** Of all blocks. */
  size_bytes = 0

  constructor(ladder: PaneLadder, events: RingEvents) {
    this.ladder = ladder
    this.events = events
  }

  /** Closes the stretches that are over before `hop`. `ownerOf` gives the account of a number; null when there is none. */
  close(hop: number, ownerOf: (number: number) => PaneOwner | null): void {
    if (this.newest === null) return
    for (const from of TIERS) {
      const tier = NEXT[from]
      if (tier === null) return
      const index = Math.floor(this.newest / this.ladder.hops[tier])
      if (Math.floor(hop / this.ladder.hops[tier]) > index) this.closeStretch(tier, index, from, ownerOf)
    }
  }

  /** Adds the pane of an account to the hop that `finish` will put away. Not before `close`. */
  add(number: number, pane: Pane): void {
    this.draft.add(number, pane)
  }

  /** Puts away the panes that were added as those of `hop`, which is newer than all before. */
  finish(hop: number): void {
    const blocks = this.draft.finish()
    if (blocks.length === 0) return
    this.put('hop', hop, blocks)
    this.newest = hop
  }

  /**
   * The panes of an account that cover the last five minutes, hour and day up to and with `hop`, oldest first: closed stretches
   * of the longest tier that fits, then shorter ones. The oldest stretch counts whole or not at all, so that a window is short by
   * up to one of them: the second by less than five minutes, the third by less than four hours. `current` is the pane of
   * `hop`, which is not in the rings yet.
   */
  windows(owner: PaneOwner, hop: number, current: Pane | null): Window[] {
    const { hops, kept } = this.ladder
    const five = Math.floor(hop / hops.five)
    const long = Math.floor(hop / hops.long)
    const longest = Math.floor(hop / hops.longest)
    const single = this.select('hop', owner, hop - hops.five + 1, hop)
    const open = single.filter(({ index }) => index >= five * hops.five)
    const fives = this.select('five', owner, five - kept.five + 1, five - 1)
    const longs = this.select('long', owner, longest * kept.long, long - 1)
    const allLongest = this.select('longest', owner, longest - kept.longest + 1, longest - 1)
    const ofLong = fives.filter(({ index }) => index >= long * kept.five)
    const content = (...parts: (readonly Selected[])[]) => {
      const places: PanePlace[] = []
      for (const part of parts) for (const { place } of part) places.push(place)
      return new WindowContent(places, current)
    }
    const ofFive = content(single)
    // An account that is new, or back after a silence, has the same in two or in all three.
    const ofHour = fives.length === 0 && open.length === single.length ? ofFive : content(fives, open)
    const isOfHour = allLongest.length === 0 && longs.length === 0 && ofLong.length === fives.length
    return [
      { hops: hops.five, content: ofFive },
      { hops: hops.long, content: ofHour },
      { hops: hops.longest * kept.longest, content: isOfHour ? ofHour : content(allLongest, longs, ofLong, open) },
    ]
  }

  block(tier: Tier, slot: number, part: number): PaneBlock | null {
    return this.rings[tier][slot]?.blocks[part] ?? null
  }

  /** Number of the stretch that a slot holds; null when it is empty. */
  indexOf(tier: Tier, slot: number): number | null {
    return this.rings[tier][slot]?.index ?? null
  }

  /** Takes a block back from the changelog; null when it is gone. What an older round left in a slot is passed over. */
  restore(tier: Tier, slot: number, part: number, entry: { index: number; block: PaneBlock } | null): void {
    const ring = this.rings[tier]
    const known = ring[slot]
    if (entry === null) {
      if (known) known.blocks[part] = undefined
      return
    }
    if (known && known.index > entry.index) return
    if (known && known.index === entry.index) known.blocks[part] = entry.block
    else {
      const blocks: (PaneBlock | undefined)[] = []
      blocks[part] = entry.block
      ring[slot] = { index: entry.index, blocks }
    }
  }

  /** Call after the last `restore`. */
  restored(): void {
    this.tidy()
    this.size_bytes = 0
    for (const { blocks } of this.slots()) for (const block of blocks) this.size_bytes += block?.bytes.length ?? 0
  }

  /** Every pane of every stretch, in no order. */
  *all(): Generator<{ lastHop: number; number: number; place: PanePlace }> {
    for (const { tier, index, blocks } of this.slots()) {
      for (const block of blocks) {
        if (!block) continue
        for (let at = 0; at < block.length; at++) {
          yield { lastHop: this.lastHopOf(tier, index), number: block.numberAt(at), place: block.placeAt(at) }
        }
      }
    }
  }

  /** Drops the stretch that ended first, but none that holds `hop`. Returns how many panes went; null: there is none left. */
  dropOldest(hop: number): number | null {
    let oldest: { tier: Tier; slot: number; end: number } | null = null
    for (const { tier, slot, index, blocks } of this.slots()) {
      const end = (index + 1) * this.ladder.hops[tier]
      if (end > hop || !blocks.some((block) => block !== undefined)) continue
      if (oldest === null || end < oldest.end) oldest = { tier, slot, end }
    }
    if (oldest === null) return null
    const { tier, slot } = oldest
    const panes = this.rings[tier][slot]!.blocks.reduce((sum, block) => sum + (block?.length ?? 0), 0)
    this.remove(tier, slot)
    return panes
  }

  /** Takes every pane of these accounts out. Each block that held one is written anew, one in every slot at the most per account. */
  erase(numbers: ReadonlySet<number>): void {
    for (const { tier, slot, blocks } of this.slots()) {
      for (const [part, block] of blocks.entries()) {
        const rest = block?.without(numbers)
        if (!block || rest === block) continue
        blocks[part] = rest ?? undefined
        this.size_bytes += (rest?.bytes.length ?? 0) - block.bytes.length
        this.events.changed(tier, slot, part)
      }
    }
    this.tidy()
  }

  /** Lets go what holds no block any more, so that the rings are the same after an erasure and after a restore. */
  private tidy(): void {
    this.newest = null
    for (const { tier, slot, index, blocks } of this.slots()) {
      while (blocks.length > 0 && blocks.at(-1) === undefined) blocks.pop()
      // Where its hops are gone, the end of a longer stretch stands for the newest of them: no shorter one is open.
      if (blocks.length > 0) this.newest = Math.max(this.newest ?? 0, this.lastHopOf(tier, index))
      else this.rings[tier][slot] = undefined
    }
  }

  private *slots(): Generator<Slot & { tier: Tier; slot: number }> {
    for (const tier of TIERS) {
      for (const [slot, found] of this.rings[tier].entries()) if (found) yield { tier, slot, ...found }
    }
  }

  private closeStretch(tier: Tier, index: number, from: Tier, ownerOf: (number: number) => PaneOwner | null): void {
    const slot = index % this.ladder.kept[tier]
    if (this.rings[tier][slot]?.index === index) return
    const ratio = this.ladder.hops[tier] / this.ladder.hops[from]
    const numbers = new Set<number>()
    for (const stretch of this.rings[from]) {
      if (!stretch || Math.floor(stretch.index / ratio) !== index) continue
      for (const block of stretch.blocks)
        for (let at = 0; at < (block?.length ?? 0); at++) numbers.add(block!.numberAt(at))
    }
    for (const number of numbers) {
      const owner = ownerOf(number)
      if (owner === null) continue
      const panes = this.select(from, owner, index * ratio, (index + 1) * ratio - 1)
      if (panes.length === 0) continue
      this.sum.clear()
      for (const { place } of panes) addPacked(place, this.sum)
      this.draft.add(number, this.sum.finish())
    }
    const blocks = this.draft.finish()
    if (blocks.length === 0) return
    this.put(tier, index, blocks)
    // No window asks for a long stretch that is in one of the longest; hops and fives are those of the shorter windows.
    if (tier !== 'longest') return
    for (const [slot, stretch] of this.rings.long.entries()) {
      if (stretch && Math.floor(stretch.index / this.ladder.kept.long) === index) this.remove('long', slot)
    }
  }

  private put(tier: Tier, index: number, blocks: PaneBlock[]): void {
    const slot = index % this.ladder.kept[tier]
    this.remove(tier, slot)
    this.rings[tier][slot] = { index, blocks }
    for (const [part, block] of blocks.entries()) {
      this.size_bytes += block.bytes.length
      this.events.changed(tier, slot, part)
    }
  }

  private remove(tier: Tier, slot: number): void {
    const known = this.rings[tier][slot]
    if (!known) return
    this.rings[tier][slot] = undefined
    const blocks = known.blocks.filter((block) => block !== undefined)
    for (const block of blocks) this.size_bytes -= block.bytes.length
    for (const part of known.blocks.keys()) this.events.changed(tier, slot, part)
    if (!this.isMerged(tier, known.index)) this.events.leaving(blocks, this.lastHopOf(tier, known.index))
  }

  /** True when the next tier holds what is in a stretch. */
  private isMerged(tier: Tier, index: number): boolean {
    const up = NEXT[tier]
    if (up === null) return false
    const above = Math.floor((index * this.ladder.hops[tier]) / this.ladder.hops[up])
    return this.rings[up][above % this.ladder.kept[up]]?.index === above
  }

  private lastHopOf(tier: Tier, index: number): number {
    return (index + 1) * this.ladder.hops[tier] - 1
  }

  private select(tier: Tier, owner: PaneOwner, from: number, to: number): Selected[] {
    const found: Selected[] = []
    const first = Math.max(from, Math.floor(owner.born_hop / this.ladder.hops[tier]))
    for (let index = first; index <= to; index++) {
      const slot = this.rings[tier][index % this.ladder.kept[tier]]
      if (slot?.index !== index) continue
      for (const block of slot.blocks) {
        const place = block?.find(owner.number)
        if (place) found.push({ index, place })
      }
    }
    return found
  }
}

function countIn({ length, items, counts }: CountedList<number>, object: number): number {
  for (let at = 0; at < length; at++) if (items[at] === object) return counts[at]!
  return 0
}
