import { writeFile } from 'node:fs/promises'
import { type PlacedLetter, readLetters } from '../../kafka/letter-reader.ts'
import { viewOf } from '../../letters/letter-view.ts'
import { UsageError } from '../../ops/errors.ts'
import { CommandFailed } from '../command.ts'
import type { LettersAction } from './action.ts'

/** Everything about one letter; its bytes only into a file, when asked to. */
export const showLetter: LettersAction = async ({ out }, source, { options, offsets }) => {
  const [wanted = 0] = offsets
  const placed = await find(readLetters(source, {}, wanted), wanted)
  if (!placed) throw new CommandFailed(`there is no letter at 0/${wanted}; \`hydrawatch dead-letters list\` shows them`)
  const { letter } = placed
  await source.codec.prepareRecords([letter.payload])
  const view = viewOf(letter, placed, source.codec)
  out.record(view, JSON.stringify(view, null, 2))
  if (options.raw === undefined) return
  if (letter.payload === null)
    throw new CommandFailed(`the bytes of ${view.place} were not kept, so ${options.raw} was not written`)
  await writeFile(options.raw, letter.payload).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`can't write ${options.raw} (${error.code}); check the folder and its permissions`)
  })
  out.note(`${letter.payload.length} bytes written to ${options.raw}`)
}

async function find(pieces: AsyncIterable<PlacedLetter[]>, wanted: number): Promise<PlacedLetter | null> {
  // The first piece holds it, or nothing does: reading began there.
  for await (const piece of pieces) return piece.find(({ offset }) => offset === wanted) ?? null
  return null
}
