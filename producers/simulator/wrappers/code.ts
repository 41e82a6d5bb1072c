import type { WrapperFamily } from './wrapper.ts'

/** Solutions with the way to them, for a coding model. */
export const CODE: readonly WrapperFamily[] = [
  {
    name: 'annotated-solution',
    tags: ['# WHY:', '# IDEA:', '# STEP:', '# NOTE:', '# THINK:', '# BECAUSE:'],
    sentences: [
      '{Solve it in|Write} {a Python function|Python code}, {and put|with} {a comment that starts with $tag|a $tag comment} {above every line|before each block}, {which says how you reached it|that gives the reasoning for it}.',
      '{List|Also list} {two alternatives that you rejected|which approaches you rejected}{|, with their time complexity}.',
      '{Finish with|Add} {unit tests|five unit tests} {that run on their own|and their expected output}.',
    ],
    output: (answer, tag) =>
      answer
        .split('\n')
        .map((line) => `${tag} …\n${line}`)
        .join('\n'),
  },
  {
    name: 'repair-trajectory',
    tags: ['attempt', 'round', 'try', 'iteration', 'pass', 'version'],
    sentences: [
      '{First write|Begin with} {a version with a subtle bug|a program that fails one test}, {then debug it|then find and fix the bug} {in the open|in front of us}: {every hypothesis, every edit|what you suspect, what you change}.',
      '{Number|Label} {the rounds|each round} "$tag 1", "$tag 2"{| and so forth}.',
      '{Only the last one|The final one} {may pass|passes all unit tests}.',
    ],
    output: (answer, tag) => `${tag} 1\n${answer}\n${tag} 2\n${answer}`,
  },
  {
    name: 'pair',
    quiet: true,
    tags: ['Ada', 'Linus', 'Grace', 'Edsger', 'Barbara', 'Ken'],
    sentences: [
      '{$tag sits next to you|You share the desk with $tag|$tag watches over your shoulder} {and asks why at each turn|and wants to learn the trade}.',
      '{Talk to $tag as you go|Tell $tag what you are about to do, then do it}.',
      '{Show $tag how you would prove it right|Let $tag break it, then mend it}.',
    ],
    output: (answer, tag) => `Well, ${tag}, look:\n${answer}`,
  },
]
