import type { RequestContent } from '../../lib/sketch/request-sketch.ts'
import type { RequestSketch, Span } from '../../schemas/types.ts'
import type { InputContent, InputSketch } from './contract.ts'

const NO_BYTES = Buffer.alloc(0)

/** Signatures alone are no text: they are hashed by themselves, and a sketch may come with them. */
export function hasText(content: InputContent | null | undefined): content is InputContent {
  if (content === null || content === undefined) return false
  return Boolean(content.system) || Boolean(content.output) || (content.messages?.length ?? 0) > 0
}

/** The text of a call as the sketcher takes it. A message without content, such as a bare tool call, still counts. */
export function textOf(content: InputContent): RequestContent {
  const messages = content.messages?.map(({ role, content }) => ({ role, content: content ?? null }))
  return { system: content.system, messages, output: content.output }
}

/** A sketch that the gateway made, as the record it stands for. Unknown fields of it are dropped here. */
export function givenSketch(sketch: InputSketch): RequestSketch {
  return {
    key_epoch: sketch.key_epoch,
    system_hash: sketch.system_hash ?? null,
    prefix_hashes: sketch.prefix_hashes ?? [],
    body_hash: sketch.body_hash ?? null,
    body_bias_hash: sketch.body_bias_hash ?? null,
    spans: (sketch.spans ?? []).map(givenSpan),
    cue_scores: sketch.cue_scores ?? [],
    messages: sketch.messages ?? 0,
    system_chars: sketch.system_chars ?? 0,
    input_chars: sketch.input_chars ?? 0,
    output_chars: sketch.output_chars ?? 0,
  }
}

function givenSpan(span: NonNullable<InputSketch['spans']>[number]): Span {
  return {
    hash: span.hash,
    minhash: span.minhash ? Buffer.from(span.minhash, 'base64') : NO_BYTES,
    tokens: span.tokens,
    place: span.place ?? 'body',
    cues: span.cues ?? 0,
  }
}
