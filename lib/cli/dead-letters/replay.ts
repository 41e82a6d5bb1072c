import { replayLetters } from '../../kafka/letter-replay.ts'
import { placeOf } from '../../letters/letter-view.ts'
import { CommandFailed } from '../command.ts'
import type { LettersAction } from './action.ts'

/** Writes records back to where they came from and says of each letter what was done. */
export const replayDeadLetters: LettersAction = async ({ out, signal }, source, { options, filter, offsets }) => {
  const { dryRun = false, again = false, acceptLate = false } = options
  const missing = new Set(offsets)
  const counts = { replay: 0, skip: 0, refuse: 0 }
  const words = { replay: dryRun ? 'would be written back' : 'written back', skip: 'skipped', refuse: 'refused' }
  const outcomes = replayLetters({
    ...source,
    filter,
    offsets: offsets.length === 0 ? null : new Set(offsets),
    isDryRun: dryRun,
    again,
    acceptLate,
  })
  for await (const some of outcomes) {
    for (const { letter, partition, offset, plan } of some) {
      counts[plan.action] += 1
      missing.delete(offset)
      const position = `${partition}/${offset}`
      const why = plan.action === 'replay' ? null : plan.why
      const place = placeOf(letter)
      const done = words[plan.action]
      out.record({ position, place, done, why }, `${position} ${place} ${done}${why === null ? '' : `: ${why}`}`)
    }
    out.progress(() => `${counts.replay} ${words.replay}, ${counts.skip} skipped, ${counts.refuse} refused`)
    // Between transactions: what has been written back is marked, and the next replay goes on behind it.
    signal.throwIfAborted()
  }
  out.endProgress()
  out.note(`${counts.replay} records ${words.replay}, ${counts.skip} skipped, ${counts.refuse} refused`)
  if (missing.size > 0) {
    throw new CommandFailed(`there is no letter at ${[...missing].map((offset) => `0/${offset}`).join(', ')}`)
  }
}
