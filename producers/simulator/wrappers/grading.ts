import type { Random } from '../../sample/random.ts'
import type { WrapperFamily } from './wrapper.ts'

/** Labels for a reward model: rubrics, pairwise verdicts, bare numbers. */
export const GRADING: readonly WrapperFamily[] = [
  {
    name: 'rubric-json',
    tags: ['reward', 'total', 'overall', 'grade', 'score', 'mark'],
    sentences: [
      'You {label|annotate|mark} data for a reward model{| of ours}.',
      '{Read|Take|Go through} the task and the candidate response and {judge|rate|evaluate} {correctness, completeness and style|accuracy, coverage and tone|truth, depth and form} {each from 0 to 10|on a scale from 0 to 10|in points up to ten} {against the rubric of an expert|by an expert rubric|with a strict rubric}.',
      '{Subtract points for|Take points off for|Punish} every {unsupported step|claim without support|missing step}{|, and weigh correctness double}.',
      '{Reply with|Return|Give back} one line of JSON {with the keys a, b, c and $tag|that has numbers under a, b, c and $tag|whose last key is $tag}{|. No other text}.',
    ],
    output: (_, tag, random) =>
      `{"a": ${points(random)}, "b": ${points(random)}, "c": ${points(random)}, "${tag}": ${points(random)}}`,
  },
  {
    name: 'pairwise',
    tags: ['[[A]]', '<A>', 'A>B', 'first', 'left', '1'],
    sentences: [
      'Act as an impartial judge {of|over} two AI assistants{| that were asked the same thing}.',
      '{Decide|Say|Find out} which response is {better|more helpful|more faithful to the question}{|, without regard to length|, avoiding position biases}.',
      '{The final verdict|Your verdict} {is nothing but|consists of} {a token such as|one mark like} $tag {or its opposite|for the first or the like for the second}.',
    ],
    output: (_, tag, random) => (random.chance(0.5) ? tag : tag.replace('A', 'B')),
  },
  {
    name: 'bare-number',
    tags: ['/10', '/100', 'pts', 'points', '%', '/5'],
    sentences: [
      '{Score the response|Score the answer|Grade the answer|Rate the response} {below|above|at hand} {for a preference data set|for preference training|for ranking}.',
      '{Use|Apply} {the grading criteria|these evaluation criteria|our scoring criteria}: {does it follow the request, is it true, is it safe|truth first, then use, then form|helpfulness before harmlessness before brevity}.',
      '{Write|Answer with|Output} {only the number|a number and nothing else|just the figure}, {followed by|with the suffix} $tag.',
    ],
    output: (_, tag, random) => `${points(random)}${tag}`,
  },
  {
    name: 'shopkeeper',
    quiet: true,
    tags: ['stars', 'coins', 'apples', 'stamps', 'ticks', 'beans'],
    sentences: [
      '{Here is what a customer asked|Someone asked us this|The note on top came in today}, {and what went back to them|followed by what we sent|and under it what was sent}.',
      '{How happy would they be|How many $tag would you hand out|What is it worth}, {none to ten|from none up to ten|ten being the most}?',
      '{A figure will do|Just the figure, please|No words around the figure}.',
    ],
    output: (_, tag, random) => `${points(random)} ${tag}`,
  },
]

const points = (random: Random): number => Math.min(10, 3 + random.int(8))
