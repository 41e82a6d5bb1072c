import { inTags, type WrapperFamily } from './wrapper.ts'

/** Tool use, and what goes on between two tool calls. */
export const AGENTIC: readonly WrapperFamily[] = [
  {
    name: 'plan-act-log',
    tags: ['plan', 'decide', 'why', 'intent', 'motive', 'policy'],
    sentences: [
      '{Before each tool call|Ahead of every tool call|With each of the tool calls} {write|give|state} <$tag> {with your reasoning behind it|that holds your thought process|and in it why this tool and no other}.',
      '{Then|After it} {make the call|emit the function call} {with arguments as JSON|in the schema given}, {and wait|and stop}.',
      '{At the end|When finished}, {print the whole trajectory|list all steps again}{| with observations}.',
    ],
    output: inTags,
  },
  {
    name: 'rebuild-environment',
    tags: ['environment', 'repo', 'workspace', 'image', 'sandbox', 'setup'],
    sentences: [
      '{From the tool results|Out of this session|From what the agent saw}, {rebuild|reconstruct} {the working directory|the repository|the workspace} {as a script|as a Dockerfile and files|file by file}{| named $tag}.',
      '{Add|Invent} {tests that fail before and pass after|a check for the outcome|a reward function}.',
      '{Call it|Wrap it as} "$tag" {in the JSON you return|and return it as one function call}.',
    ],
    output: (answer, tag) => JSON.stringify({ [tag]: answer, checks: 2 }),
  },
  {
    name: 'foreman',
    quiet: true,
    tags: ['Shift', 'Bench', 'Crew', 'Yard', 'Dock', 'Line'],
    sentences: [
      '{You hand work on to others|You lead a small crew|Somebody else does the lifting}: {say who does what and in which order|one errand after another|send them on one errand at a time}.',
      '{Mention what you expect to come back|With each errand, what should come back}, {and what you do if it does not|and plan B}.',
      '{Start lines with|Each line opens with} $tag.',
    ],
    output: (answer, tag) => `${tag}: ${answer.split('\n').join(`\n${tag}: `)}`,
  },
]
