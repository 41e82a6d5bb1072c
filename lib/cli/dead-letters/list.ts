import { type PlacedLetter, readLetters } from '../../kafka/letter-reader.ts'
import { LetterGroups } from '../../letters/letter-groups.ts'
import { summaryOf, timeOf } from '../../letters/letter-view.ts'
import type { LettersAction } from './action.ts'

const LETTERS_DEFAULT = 20

/** Counts by stage, reason and source, then the newest letters. */
export const listLetters: LettersAction = async ({ out, signal }, source, { options, filter }) => {
  const { limit = LETTERS_DEFAULT } = options
  const groups = new LetterGroups()
  let newest: PlacedLetter[] = []
  let read = 0
  for await (const piece of readLetters(source, filter)) {
    signal.throwIfAborted()
    for (const { letter, timestamp_ms } of piece) groups.add(letter, timestamp_ms)
    // Bytes are not listed, and would fill the memory.
    const letters = piece.filter(({ letter }) => !letter.replayed)
    newest = [...newest, ...letters.map((placed) => ({ ...placed, letter: { ...placed.letter, payload: null } }))]
    newest = limit === 0 ? [] : newest.slice(-limit)
    read += piece.length
    out.progress(() => `${read} dead letters read`)
  }
  out.endProgress()
  const counts = groups.all()
  if (counts.length === 0) {
    out.text('no dead letters')
    return
  }
  out.rows(
    [
      { title: 'stage', value: ({ stage }) => stage },
      { title: 'reason', value: ({ reason }) => reason },
      { title: 'source', value: ({ source: name }) => name },
      { title: 'letters', value: ({ letters }) => letters },
      { title: 'replayed', value: ({ replayed }) => replayed },
      { title: 'bytes', value: ({ size_bytes }) => size_bytes },
      { title: 'first', value: ({ first }) => first },
      { title: 'last', value: ({ last }) => last },
    ],
    counts.map(({ first_ms, last_ms, ...group }) => ({ ...group, first: timeOf(first_ms), last: timeOf(last_ms) })),
  )
  if (newest.length === 0) return
  out.text('')
  out.rows(
    [
      { title: 'position', value: ({ position }) => position },
      { title: 'written', value: ({ written }) => written },
      { title: 'stage', value: ({ stage }) => stage },
      { title: 'reason', value: ({ reason }) => reason },
      { title: 'place', value: ({ place }) => place },
      { title: 'bytes', value: ({ size_bytes }) => size_bytes },
      { title: 'detail', value: ({ detail }) => detail },
    ],
    newest.map((placed) => summaryOf(placed.letter, placed)),
  )
}
