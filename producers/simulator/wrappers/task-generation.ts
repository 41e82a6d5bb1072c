import type { WrapperFamily } from './wrapper.ts'

/** New tasks for reinforcement learning, with what it takes to check them. */
export const TASK_GENERATION: readonly WrapperFamily[] = [
  {
    name: 'seeded',
    tags: ['problem', 'item', 'task', 'exercise', 'challenge', 'case'],
    sentences: [
      '{Generate|Create|Write} {three|five|ten} {new problems|diverse tasks|diverse problems|novel tasks} {inspired by|in the manner of|starting from} the {seed task|example} {below|given here}, {each harder than the last|of rising difficulty level|all verifiable}.',
      '{Every one|Each} {comes with|carries} {a reference solution and test cases|test cases and a reference solution}, {as JSON under "$tag"|in an array of $tag objects}.',
      '{No two may|None may} {share their idea|be solved the same way|reuse names}.',
    ],
    output: (answer, tag) => JSON.stringify([{ [tag]: answer.slice(0, 400), tests: ['…'] }]),
  },
  {
    name: 'evolve',
    tags: ['#Rewritten Prompt#', '#Evolved#', '#New#', '#Variant#', '#Output#', '#Next#'],
    sentences: [
      '{Make|Turn} {the instruction|this prompt} {more complex|into a harder one|into a synthetic task of its own}, {by one more constraint|with one deeper inquiry|by a rarer topic}.',
      '{It must stay|Keep it} {answerable|verifiable by a program}, {and in fifteen words more|at about the same length}.',
      '{Print|Write} $tag {and|, then} {the rewritten prompt|the result}{|, then a plausible question and answer pairs about it}.',
    ],
    output: (answer, tag) => `${tag}\n${answer.slice(0, 600)}`,
  },
  {
    name: 'quiz-night',
    quiet: true,
    tags: ['Round', 'Card', 'Sheet', 'Station', 'Table', 'Stage'],
    sentences: [
      '{We host a quiz|It is quiz night again|The club meets on Friday}, {and this one went down well|and people loved this one|and last week we had this one}.',
      '{Come up with|Think up|We want} {a handful more like it|six in that spirit|some siblings of it}, {nothing people can look up|none too easy|each with a twist}.',
      '{Label them|They are called} $tag 1, $tag 2 {and so on|…}, {solutions overleaf|with solutions at the end}.',
    ],
    output: (answer, tag) => `${tag} 1\n${answer.slice(0, 300)}\n${tag} 2\n${answer.slice(-300)}`,
  },
]
