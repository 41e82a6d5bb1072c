/** Cue classes in wire order: index i is bit i of `Span.cues` and position i of `cue_scores`. Append only. */
export const CUE_CLASSES = [
  'reasoning',
  'grading',
  'cleaning',
  'task_generation',
  'agentic',
  'code',
  'vision',
  'rewriting',
] as const

export type CueClass = (typeof CUE_CLASSES)[number]
