import type { TraceMessage } from '../../traces/format.ts'
import type { Content } from '../actor.ts'

/** Where a wrapper stands: in front of the payload, within it, after it, in a tool's result, or as the system prompt. */
export type Place = 'head' | 'middle' | 'tail' | 'tool' | 'system'

export const PLACES: readonly Exclude<Place, 'system'>[] = ['head', 'middle', 'tail', 'tool']

/** A conversation whose last turn is the customer's. */
export interface Payload {
  readonly system?: string
  readonly earlier?: readonly TraceMessage[]
  readonly text: string
  /** What a tool said before, for tasks that have one. */
  readonly toolResult?: string
}

/** Puts an instruction into what a customer sends: at its last turn, in its latest tool result, or as its system prompt. */
export function placeWrapper({ system, messages }: Prompt, wrapper: string, place: Place): Prompt {
  if (place === 'system') return { system: system === undefined ? wrapper : `${system}\n\n${wrapper}`, messages }
  const last = messages.length - 1
  const tool = messages.findLastIndex(({ role }) => role === 'tool')
  if (place === 'tool' && tool === -1) return placeInNewResult({ system, messages }, wrapper)
  const at = place === 'tool' ? tool : last
  const placed = messages.map((message, index) =>
    index === at ? { ...message, content: insert(message.content, wrapper, place) } : message,
  )
  return { ...(system === undefined ? {} : { system }), messages: placed }
}

type Prompt = Omit<Content, 'output'>

function insert(text: string, wrapper: string, place: Place): string {
  if (place === 'head') return `${wrapper}\n\n${text}`
  if (place !== 'middle') return `${text}\n\n${wrapper}`
  const middle = middleBreak(text)
  return `${text.slice(0, middle).trimEnd()}\n\n${wrapper}\n\n${text.slice(middle).trimStart()}`
}

/** Without a tool result in the conversation the relay makes one up. */
function placeInNewResult({ system, messages }: Prompt, wrapper: string): Prompt {
  const added = [
    { role: 'assistant', content: 'Let me look that up.' },
    { role: 'tool', content: `ok\n\n${wrapper}` },
  ]
  return { ...(system === undefined ? {} : { system }), messages: [...messages, ...added] }
}

/** The payload as it is. */
export function withoutWrapper({ system, earlier = [], text }: Payload): Prompt {
  return { ...(system === undefined ? {} : { system }), messages: [...earlier, { role: 'user', content: text }] }
}

/** The end of the sentence or line nearest after the middle, else the middle. */
function middleBreak(text: string): number {
  const half = Math.floor(text.length / 2)
  const ends = [text.indexOf('. ', half), text.indexOf('\n', half)].filter((end) => end !== -1)
  return ends.length === 0 ? half : Math.min(...ends) + 1
}
