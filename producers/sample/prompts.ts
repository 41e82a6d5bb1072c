import type { Content, Params } from '../simulator/actor.ts'
import type { Library } from './library.ts'
import type { Random } from './random.ts'
import { FRAMEWORK_PROMPTS } from './world.ts'

export type Kind = 'chat' | 'api' | 'agent'

/** Text that stands for a model's answer: real worked answers, agent steps and code. */
export function pickAnswer(library: Library, random: Random): string {
  const source = random.unit()
  if (source < 0.4) return random.pick(library.gsm8k).answer
  if (source < 0.75) return random.pick(library.agentTexts).output
  return random.pick(library.humanEval).solution
}

/** One ordinary question; one in thirty-three carries the phrase that half the world has copied. */
export function pickQuestion(library: Library, random: Random): string {
  if (random.chance(0.03)) return `${random.pick(library.arenaHard)}\n\nLet's think step by step.`
  return random.chance(0.8) ? random.pick(library.arenaHard) : random.pick(random.pick(library.mtBench))
}

/** The settings an account sends with every call. */
export function pickParams(kind: Kind, random: Random): Params {
  const params: Params = { stream: random.chance(kind === 'chat' ? 0.8 : 0.35) }
  if (random.chance(0.6)) params.max_tokens = random.pick([512, 1024, 2048, 4096, 4096, 8192, 16384])
  if (random.chance(0.55)) params.temperature = random.pick([0, 0, 0.2, 0.7, 0.7, 1])
  if (random.chance(0.15)) params.top_p = random.pick([0.9, 0.95, 1])
  if (kind === 'agent') params.tools_count = 2 + random.int(12)
  if (random.chance(0.4)) params.reasoning = random.pick(['off', 'on', 'summarised'])
  return params
}

/** What an account says to the model before anything else: public, borrowed, its own, or nothing. */
export function pickSystem(library: Library, org_id: string, random: Random): string | undefined {
  const source = random.unit()
  if (source < 0.3) return random.pick(FRAMEWORK_PROMPTS)
  if (source < 0.55) return random.pick(library.personas)
  if (source < 0.8) return ownInstruction(org_id, random)
  return undefined
}

const TASKS = [
  'Classify the request of a customer',
  'Summarise the message',
  'Draft a reply to the message',
  'Extract the facts',
]
const PRODUCTS = [
  'a booking portal',
  'an insurance desk',
  'a hardware shop',
  'a law office',
  'a language school',
  'a hospital',
]
const FORMS = [
  'Return JSON with the keys "result" and "confidence".',
  'Answer in one paragraph.',
  'Answer in the language of the text.',
]

/** A company's own instruction; the name makes it differ from every other company's. */
function ownInstruction(org_id: string, random: Random): string {
  const name = `${random.pick(['North', 'Blue', 'Alder', 'Quarry', 'Harbour', 'Lumen'])}-${org_id.slice(4, 8)}`
  return `${random.pick(TASKS)} for ${name}, ${random.pick(PRODUCTS)}. ${random.pick(FORMS)} Never mention other companies.`
}

/** Where the text of a conversation comes from. */
export interface Texts {
  question(library: Library, random: Random): string
  answer(library: Library, random: Random): string
}

const PLAIN: Texts = { question: pickQuestion, answer: pickAnswer }

/** A conversation in which turn n repeats all turns before it, as chat clients send it. */
export function conversation(
  library: Library,
  turns: number,
  system: string | undefined,
  random: Random,
  texts: Texts = PLAIN,
) {
  const questions = Array.from({ length: turns }, () => texts.question(library, random))
  const answers = questions.map(() => texts.answer(library, random))
  return (turn: number): Content => ({
    ...(system === undefined ? {} : { system }),
    messages: questions
      .slice(0, turn + 1)
      .flatMap((question, index) => [
        ...(index === 0 ? [] : [{ role: 'assistant', content: answers[index - 1]! }]),
        { role: 'user', content: question },
      ]),
    output: answers[turn] ?? '',
  })
}

/** Tool results that an agent still carries along. */
const CARRIED_STEPS = 3
const CARRIED_CHARS = 400

/** An agent's run: a task, then steps of tool call and tool result, of which the latest few are sent. */
export function agentRun(
  library: Library,
  system: string | undefined,
  random: Random,
  task = random.chance(0.5) ? random.pick(library.functionCalls).prompt : random.pick(library.humanEval).prompt,
) {
  const first = random.int(library.agentTexts.length)
  const step = (index: number) => library.agentTexts[(first + index) % library.agentTexts.length]!
  return (turn: number): Content => ({
    ...(system === undefined ? {} : { system }),
    messages: [
      { role: 'user', content: task },
      ...Array.from({ length: Math.min(turn, CARRIED_STEPS) }, (_, back) => step(turn - 1 - back))
        .reverse()
        .flatMap(({ input, output }) => [
          { role: 'assistant', content: output.slice(0, CARRIED_CHARS) },
          { role: 'tool', content: input.slice(-CARRIED_CHARS) },
        ]),
    ],
    output: step(turn).output,
  })
}
