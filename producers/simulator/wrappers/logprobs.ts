import type { WrapperFamily } from './wrapper.ts'

/** Carriers of a log-probability probe: what is asked hardly matters, one token comes back. */
export const LOGPROBS: readonly WrapperFamily[] = [
  {
    name: 'next-word',
    tags: ['a', 'the', 'is', 'of', 'in', 'it'],
    sentences: ['{The next word of this sentence is|Continue with one word:|Next token:|Complete: the}'],
    output: (_, tag) => ` ${tag}`,
  },
  {
    name: 'classifier',
    quiet: true,
    tags: ['yes', 'no', 'spam', 'good', 'bad', 'other'],
    sentences: [
      '{Is the message|Would you call the message} {kind or rude|urgent or not|a complaint or praise|spam or not|about money or about time}?',
      '{One word|A single word}{|, please|, lower case}.',
    ],
    output: (_, tag) => tag,
  },
]
