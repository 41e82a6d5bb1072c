import type { Library } from '../../sample/library.ts'
import { pickSystem } from '../../sample/prompts.ts'
import type { Random } from '../../sample/random.ts'
import { hexId } from '../../traces/ids.ts'
import type { Params } from '../actor.ts'
import { pickHabits } from '../habits.ts'
import { drawTask } from '../payloads.ts'
import { withoutWrapper } from '../wrappers/placement.ts'
import type { Objective } from '../wrappers/wrapper.ts'
import type { Session } from './session.ts'

const SYSTEM_SHARE = 0.95
const SESSION_SHARE = 0.4

/** A call by itself, from the queue of the lab's own program. `fixed` are the parameters of a program that has only those. */
export function drawOneShot(
  library: Library,
  model: string,
  objective: Objective,
  fixed: Params | undefined,
  random: Random,
): Session {
  const { payload, answer, size, params } = drawTask(objective, library, random)
  const earlier = payload.toolResult === undefined ? {} : { earlier: toolTurn(payload.toolResult) }
  const number = random.int(2 ** 31)
  // Programs that want to look like others bring system prompts and sessions as others do.
  const borrowed =
    fixed === undefined && random.chance(SYSTEM_SHARE) ? pickSystem(library, ownerOf(number), random) : undefined
  const system = payload.system ?? borrowed
  const prompt = withoutWrapper({ ...payload, ...earlier, ...(system === undefined ? {} : { system }) })
  const content = { ...prompt, output: answer }
  return {
    key: fixed === undefined && random.chance(SESSION_SHARE) ? `job-${number}` : undefined,
    model,
    params: { ...(fixed ?? pickHabits('api', random)), ...params },
    turns: [{ offset_ms: 0, size }],
    content: () => content,
    objective: () => objective,
  }
}

/** What an agent saw before it asks. */
function toolTurn(result: string) {
  return [
    { role: 'user', content: 'Look at the state of the task first.' },
    { role: 'assistant', content: 'I will call the tool.' },
    { role: 'tool', content: result },
  ]
}

const ownerOf = (number: number): string => `org-${hexId(10, number)}`
