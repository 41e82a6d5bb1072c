import type { Random } from '../../sample/random.ts'
import type { Evasion } from '../evasion.ts'
import { pickFamily, writeWrapper } from '../wrappers/index.ts'
import type { Objective, Wrapper, WrapperFamily } from '../wrappers/wrapper.ts'

/** Which wording of its instructions a campaign uses where. */
export interface Phrasebook {
  /** @param job a number of the request, so that a job that is sent twice says the same */
  wrapper(objective: Objective, account_id: string, job: number): Wrapper
}

export function createPhrasebook(evasion: Pick<Evasion, 'wording' | 'families' | 'quiet'>, random: Random): Phrasebook {
  const families = new Map<Objective, WrapperFamily[]>()
  const fixed = new Map<Objective, Wrapper>()

  const familiesOf = (objective: Objective): WrapperFamily[] => {
    const known = families.get(objective)
    if (known !== undefined) return known
    const draw = random.fork(`families/${objective}`)
    const chosen = Array.from({ length: evasion.families }, () => pickFamily(objective, evasion.quiet, draw))
    families.set(objective, chosen)
    return chosen
  }

  const write = (objective: Objective, path: string): Wrapper => {
    const draw = random.fork(`${objective}/${path}`)
    return writeWrapper(objective, draw.pick(familiesOf(objective)), draw)
  }

  return {
    wrapper(objective, account_id, job) {
      if (evasion.wording === 'account') return write(objective, account_id)
      if (evasion.wording === 'request') return write(objective, `job ${job}`)
      const known = fixed.get(objective) ?? write(objective, 'campaign')
      fixed.set(objective, known)
      return known
    },
  }
}
