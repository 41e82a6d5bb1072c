import type { ByteReader, ByteWriter } from './bytes.ts'

// 16 kB at the most, in front of which a block has room. What comes from outside could be a new word each time.
const WORDS_MAX = 256
const WORD_CHARACTERS_MAX = 64
const WRITTEN_OUT = 0

/** The texts that the panes of a block repeat, each kept once. */
export class Words {
  private readonly places = new Map<string, number>()

  /** Writes the place of a text among the words, or the text itself where there is no room for one more. */
  write(to: ByteWriter, text: string): void {
    let place = this.places.get(text)
    if (place === undefined && this.places.size < WORDS_MAX && text.length <= WORD_CHARACTERS_MAX) {
      place = this.places.size + 1
      this.places.set(text, place)
    }
    to.number(place ?? WRITTEN_OUT)
    if (place === undefined) to.text(text)
  }

  /** Writes the words themselves. */
  writeAll(to: ByteWriter): void {
    to.number(this.places.size)
    for (const text of this.places.keys()) to.text(text)
  }

  clear(): void {
    this.places.clear()
  }
}

/** Reads what `writeAll` wrote. */
export function readWords(from: ByteReader): string[] {
  return Array.from({ length: from.number() }, () => from.text())
}

/** Reads what `write` wrote. */
export function readText(from: ByteReader, words: readonly string[]): string {
  const place = from.number()
  return place === WRITTEN_OUT ? from.text() : words[place - 1]!
}
