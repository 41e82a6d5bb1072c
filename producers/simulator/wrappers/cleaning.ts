import type { WrapperFamily } from './wrapper.ts'

/** Captured reasoning goes through a model once more, to come out as training text. */
export const CLEANING: readonly WrapperFamily[] = [
  {
    name: 'trace-cleaner',
    tags: ['clean', 'sample', 'final', 'record', 'out', 'result'],
    sentences: [
      '{Clean the raw reasoning|Clean up this raw trace|Rewrite the reasoning trace below|Polish the reasoning} {for fine tuning|so that it can serve as a training sample|into a training sample}.',
      '{Remove|Cut|Drop} {filler, repetitions and dead ends|repetition and filler|redundant turns}{| and every mention of a system prompt}, {preserve|keep} {each inference|all steps that matter|the order of steps}.',
      '{Return|Output} {only|nothing but} <$tag>…</$tag>.',
    ],
    output: (answer, tag) => `<${tag}>${answer}</${tag}>`,
  },
  {
    name: 'transcript-normaliser',
    tags: ['turns', 'dialogue', 'messages', 'rows', 'entries', 'log'],
    sentences: [
      '{The model transcript|This agent trace|The conversation transcript} {comes from|was captured in} {a coding session|a session with tools|a help desk}.',
      '{Normalize|Reformat} {the transcripts|it|the trajectory} {to the schema of our SFT set|as training data}: {a list called $tag|JSON with the key $tag|one array, $tag}.',
      '{Merge|Join} {what was split|broken turns}, {deduplicate tool output|leave tool output out}{|, fix the spelling}.',
    ],
    output: (answer, tag) => JSON.stringify({ [tag]: answer.split('. ') }),
  },
  {
    name: 'proof-reader',
    quiet: true,
    tags: ['Fair copy', 'Neat version', 'Second draft', 'Print version', 'Revised', 'Typeset'],
    sentences: [
      '{These notes were taken in a hurry|Somebody dictated these notes|The notes below are a mess|Rough notes again}.',
      '{Make them read well|Turn them into prose that flows|Straighten them out}, {every point stays|keep all points and their order|losing no point}.',
      '{Head it with|Its title is|Title:} $tag.',
    ],
    output: (answer, tag) => `${tag}\n\n${answer}`,
  },
]
