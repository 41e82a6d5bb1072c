import type { WrapperFamily } from './wrapper.ts'

/** Descriptions, questions and answers about images, for a vision model. */
export const VISION: readonly WrapperFamily[] = [
  {
    name: 'dense-caption',
    tags: ['caption', 'regions', 'layout', 'scene', 'inventory', 'grounding'],
    sentences: [
      '{Describe the image|Describe the attached image} {exhaustively|to the last detail|as a visual assistant}: {objects, their places and how they relate|what is there, where, and what it does}.',
      '{Give|Add} {bounding boxes|object locations} {in per cent of the frame|as four numbers}{|, and text by OCR}.',
      '{Return JSON with|The JSON has} the key "$tag"{| and nothing besides}.',
    ],
    output: (answer, tag) => JSON.stringify({ [tag]: [{ label: answer.slice(0, 120), box: [10, 12, 55, 80] }] }),
  },
  {
    name: 'dialogue-maker',
    tags: ['Question', 'User', 'Ask', 'Q', 'Person', 'Viewer'],
    sentences: [
      '{Design a conversation|Write a dialogue} between {a person and someone seeing the image|a viewer and an assistant who sees the same image}.',
      '{Only ask|Questions are such} {what can be answered with certainty|that the picture settles them}, {from counting to why|some of which need several steps}.',
      '{Lines begin with|Mark turns by} $tag {and Answer|or Answer}.',
    ],
    output: (answer, tag) => `${tag}: What is to be seen?\nAnswer: ${answer}`,
  },
  {
    name: 'telephone',
    quiet: true,
    tags: ['over the phone', 'to a blind friend', 'on the radio', 'in a letter', 'in the dark', 'from memory'],
    sentences: [
      '{Suppose you had to tell this $tag|How would you tell this $tag}{| so that it could be drawn again}?',
      '{Left to right, near to far|From the middle outwards|Big things first}, {with sizes and colours|with how things touch}.',
      '{Close with|Add} {three riddles on it and their solutions|what happens next}.',
    ],
    output: (answer) => `On the left … ${answer}`,
  },
]
