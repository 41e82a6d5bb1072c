import type { InputSketch } from '../../producers/intake/contract.ts'
import type { RequestSketch } from '../../schemas/types.ts'

const HASH_END = 2 ** 52
// Two primes far apart: copies and rounds of different hashes meet as rarely as the hashes themselves do.
const COPY_STEP = 1_000_000_007
const ROUND_STEP = 7_919

/** The hash that a copy's text, sent in a later round, stands for. */
export function shifted(hash: number, copy: number, round: number): number {
  return (hash + copy * COPY_STEP + round * ROUND_STEP) % HASH_END
}

interface Owner {
  readonly org_id: string
  isShared: boolean
  uses: number
}

/** Who wrote the text behind each hash of the sample, so that copies of it share what the world shares and nothing else. */
export class HashOwners {
  private readonly owners = new Map<number, Owner>()

  add(sketch: RequestSketch, org_id: string): void {
    this.note(sketch.system_hash, org_id)
    this.note(sketch.body_hash, org_id)
    for (const hash of sketch.prefix_hashes) this.note(hash, org_id)
    for (const { hash } of sketch.spans) this.note(hash, org_id)
  }

  /** The sketch that a copy of the account has in a round. */
  copyOf(sketch: InputSketch, copy: number, round: number): InputSketch {
    const text = (hash: number) => this.shift(hash, copy, this.isOnce(hash) ? round : 0)
    // A conversation or a body is sent in its round; sent again, it is another one that looks the same.
    const call = (hash: number) => this.shift(hash, copy, round)
    const whole = (hash: number | null | undefined) => (hash == null ? null : call(hash))
    return {
      ...sketch,
      system_hash: sketch.system_hash == null ? null : text(sketch.system_hash),
      prefix_hashes: sketch.prefix_hashes?.map(call),
      body_hash: whole(sketch.body_hash),
      body_bias_hash: whole(sketch.body_bias_hash),
      spans: sketch.spans?.map((span) => ({ ...span, hash: text(span.hash) })),
    }
  }

  private shift(hash: number, copy: number, round: number): number {
    return this.owners.get(hash)?.isShared ? hash : shifted(hash, copy, round)
  }

  private isOnce(hash: number): boolean {
    return this.owners.get(hash)?.uses === 1
  }

  private note(hash: number | null, org_id: string): void {
    if (hash === null) return
    const owner = this.owners.get(hash)
    if (!owner) {
      this.owners.set(hash, { org_id, isShared: false, uses: 1 })
      return
    }
    owner.uses++
    if (owner.org_id !== org_id) owner.isShared = true
  }
}
