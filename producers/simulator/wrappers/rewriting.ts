import type { WrapperFamily } from './wrapper.ts'

/** Versions of queries and answers that pass a censor. */
export const REWRITING: readonly WrapperFamily[] = [
  {
    name: 'safe-version',
    tags: ['safe', 'neutral', 'revised', 'public', 'approved', 'clear'],
    sentences: [
      '{Rephrase|Rewrite|Reword} {the query|the text|this} {about a politically sensitive topic|on sensitive topics} so that it {avoids censorship|passes censorship|is politically acceptable}, {and answer that version|then answer it in neutral wording}.',
      '{Party leaders and dissidents|Officials and authoritarianism} {go unmentioned|are not named}.',
      '{Return both as|Put both into} <$tag>{| tags}.',
    ],
    output: (answer, tag) => `<${tag}>${answer}</${tag}>`,
  },
  {
    name: 'steer-away',
    tags: ['harmless', 'gentle', 'bridge', 'turn', 'elsewhere', 'soft'],
    sentences: [
      '{Steer the conversation|Steer conversations like this} {to safe ground|elsewhere}, {politely|without a refusal}, {in the same language|in the tone of the user}.',
      '{Give|Write} {three|four} {replies|variants} {from mild to firm|that differ in tone}, {each under "$tag"|as JSON under "$tag"}.',
      '{None may sound|They must not sound} {censored|as if a topic were forbidden}.',
    ],
    output: (answer, tag) => JSON.stringify({ [tag]: [answer.slice(0, 200), answer.slice(0, 150)] }),
  },
  {
    name: 'diplomat',
    quiet: true,
    tags: ['Embassy', 'Protocol', 'Reception', 'Toast', 'Banquet', 'Visit'],
    sentences: [
      '{Say this as an ambassador would at dinner|How would a host put this among guests|A diplomat has to say this aloud}.',
      '{Nobody at the table may take offence|No guest should put the fork down}, {and nobody is named|no names}.',
      '{File it under|Heading:} $tag.',
    ],
    output: (answer, tag) => `${tag}\n${answer}`,
  },
]
