import type { Library } from '../sample/library.ts'
import { pickAnswer, pickQuestion } from '../sample/prompts.ts'
import type { Random } from '../sample/random.ts'
import type { Params, Size } from './actor.ts'
import type { Payload } from './wrappers/placement.ts'
import type { Objective } from './wrappers/wrapper.ts'

/** What a wrapper is put around, the model's plain answer, and how large both are. */
export interface Task {
  readonly payload: Payload
  readonly answer: string
  readonly size: Size
  /** What this kind of work needs besides an account's usual parameters. */
  readonly params: Params
}

/** Tasks in the manner of the objective, from the same public sets that honest customers' traffic is made of. */
export function drawTask(objective: Objective, library: Library, random: Random): Task {
  const size = random.pick(library.apiSizes)
  const answer = pickAnswer(library, random)
  switch (objective) {
    case 'grading': {
      const { question, answer: candidate } = drawPair(library, random)
      const text = random.chance(0.5)
        ? `[Task]\n${question}\n\n[Response]\n${candidate}`
        : `Question: ${question}\n\nAnswer: ${candidate}`
      return {
        payload: { text },
        answer,
        size: { ...size, output_tokens: 6 + random.int(60) },
        params: { temperature: 0 },
      }
    }
    case 'cleaning': {
      const { question, answer: candidate } = drawPair(library, random)
      const text = `User: ${question}\nAssistant: Hmm, let me see. ${candidate}`
      return { payload: { text }, answer: candidate, size, params: {} }
    }
    case 'agentic': {
      const { input, output } = random.pick(library.agentTexts)
      const { prompt } = random.pick(library.functionCalls)
      const payload = { text: prompt, toolResult: input.slice(-500) }
      return { payload, answer: output, size: random.pick(random.pick(library.agentSessions)), params: tools(random) }
    }
    case 'code': {
      const { prompt, solution } = random.pick(library.humanEval)
      return { payload: { text: prompt }, answer: solution, size, params: {} }
    }
    case 'vision': {
      const { system, prompt } = random.pick(library.imageTasks)
      const payload = random.chance(0.5) ? { system, text: prompt } : { text: prompt }
      return { payload, answer, size, params: { images_count: 1 + random.int(2) } }
    }
    case 'rewriting':
      return { payload: { text: pickQuestion(library, random) }, answer, size, params: {} }
    case 'task_generation': {
      const { question, answer: solution } = drawPair(library, random)
      return { payload: { text: question }, answer: solution, size, params: { temperature: 1 } }
    }
    case 'logprobs':
      return {
        payload: { text: random.pick(library.arenaHard) },
        answer,
        size: { ...size, output_tokens: 1 },
        params: {},
      }
    case 'reasoning': {
      const { question, answer: worked } = drawPair(library, random)
      return { payload: { text: question }, answer: worked, size: workedSize(library, random), params: {} }
    }
  }
}

/** Steps that are spelled out take what an answer in a conversation takes, not what a program's call does. */
export function workedSize(library: Library, random: Random): Size {
  const { input_tokens } = random.pick(library.apiSizes)
  return { input_tokens, output_tokens: random.pick(random.pick(library.chatSessions)).output_tokens }
}

/** A question with what a model wrote about it: mathematics, code, open questions, tool use. */
function drawPair(library: Library, random: Random): { question: string; answer: string } {
  const source = random.unit()
  if (source < 0.3) return random.pick(library.gsm8k)
  if (source < 0.5) return { question: random.pick(library.math), answer: pickAnswer(library, random) }
  if (source < 0.65) {
    const { prompt, solution } = random.pick(library.humanEval)
    return { question: prompt, answer: solution }
  }
  if (source < 0.8) return { question: random.pick(library.functionCalls).prompt, answer: pickAnswer(library, random) }
  return { question: pickQuestion(library, random), answer: pickAnswer(library, random) }
}

function tools(random: Random): Params {
  return { tools_count: 2 + random.int(12) }
}
