import type { RequestSketch, Span } from '../../schemas/types.ts'
import { createCueEvidence } from './cue-scores.ts'
import { createHasher, type Digest, first52, second52, seed32 } from './keyed-hash.ts'
import { createSentenceScanner } from './masked-tokens.ts'
import { createMinHasher } from './minhash.ts'
import type { SpanCandidate } from './span-candidates.ts'
import { createSpanReader, type Speaker } from './spans.ts'
import { createTextFrame } from './text-frame.ts'

export type { RequestSketch, Span }

/** Boundaries kept from each end of a conversation. */
const PREFIXES_PER_END = 4
/** What the chain starts from when there is no system prompt. */
const NO_SYSTEM: Digest = '\0'.repeat(32)

export interface SketchKeys {
  /** Rotates: hashes of different epochs never match. */
  content: { epoch: number; secret: Buffer }
  /** Per deployment, so that links over networks, clients and payments outlive a content key. Unused for text. */
  infrastructure: { secret: Buffer }
}

export interface TextPart {
  type: string
  text?: string | null
}

export interface ChatMessage {
  role: string
  content: string | readonly TextPart[] | null
}

export interface RequestContent {
  system?: string | null
  messages?: readonly ChatMessage[] | null
  output?: string | null
}

/** The parameters that define a call. Transport (`stream`) is not among them. */
export interface SamplingParams {
  seed?: number | null
  response_format?: string | null
  tool_set_hash?: string | number | null
  max_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  choice_count?: number | null
  top_logprobs?: number | null
  logit_bias_ids?: readonly number[] | null
  tools_count?: number | null
  images_count?: number | null
  reasoning?: string | null
}

export type RequestSketcher = (content: RequestContent, params: SamplingParams) => RequestSketch

/**
 * Makes the function that turns the text of one call into keyed sketches. Linear in the text, pure apart from scratch
 * buffers, never throws on text. docs/edge-sketch.md states how each field is computed.
 */
export function createRequestSketcher(keys: SketchKeys): RequestSketcher {
  const hasher = createHasher(keys.content.secret)
  const seeds = hasher.digest('sketch-seeds', '')
  const minHasher = createMinHasher(seed32(seeds, 2))
  const evidence = createCueEvidence()
  // The multiplier is odd, so that a step loses no bit, and 5 mod 8, so that its powers take long to repeat.
  const scanner = createSentenceScanner(seed32(seeds, 0), (seed32(seeds, 1) & ~7) | 5)
  const spans = createSpanReader(scanner, evidence)
  const frame = createTextFrame()

  function digestSystem(system: string): Digest {
    frame.begin('system')
    frame.addText(system)
    spans.read(frame.bytes(), frame.textStart(), frame.textEnd(), 'system')
    spans.endMessage()
    return hasher.digestFrame(frame.bytes(), frame.end())
  }

  function digestMessage(previous: Digest, message: ChatMessage, isLast: boolean): Digest {
    frame.begin('message')
    frame.addDigest(previous)
    frame.addText(message.role)
    for (const part of partsOf(message)) {
      frame.addText(part.type)
      frame.addText(part.text ?? '')
      const speaker = speakerOf(message.role, part.type, isLast)
      if (speaker !== null) spans.read(frame.bytes(), frame.textStart(), frame.textEnd(), speaker)
    }
    spans.endMessage()
    return hasher.digestFrame(frame.bytes(), frame.end())
  }

  function toSpan(candidate: SpanCandidate): Span {
    const { tokens, kept, place, cues } = candidate
    const sequence = new Uint8Array(tokens.buffer, 0, 4 * kept)
    return {
      hash: hasher.hash52('span', sequence),
      minhash: minHasher.fromTokens(tokens, kept),
      tokens: kept,
      place,
      cues,
    }
  }

  return (content, params) => {
    evidence.clear()
    spans.clear()
    const { system, messages } = splitSystem(content)
    const systemDigest = system === null ? null : digestSystem(system)
    let digest = systemDigest ?? NO_SYSTEM
    const prefixes = systemDigest === null ? [] : [first52(systemDigest)]
    let input_chars = 0
    for (const [i, message] of messages.entries()) {
      digest = digestMessage(digest, message, i === messages.length - 1)
      prefixes.push(first52(digest))
      input_chars += charsOf(message)
    }
    frame.release()
    const body = prefixes.length === 0 ? null : hasher.digest('body', digest + canonicalParams(params))
    return {
      key_epoch: keys.content.epoch,
      system_hash: systemDigest === null ? null : second52(systemDigest),
      prefix_hashes: keepEnds(prefixes),
      body_hash: body === null ? null : first52(body),
      body_bias_hash: body === null ? null : bodyBiasHash(body, params),
      spans: spans.best().map(toSpan),
      cue_scores: evidence.scores(),
      messages: messages.length,
      system_chars: system?.length ?? 0,
      input_chars,
      output_chars: content.output?.length ?? 0,
    }
  }

  /** Equal to `body_hash` when there is no bias. The order of the ids says nothing and is taken out. */
  function bodyBiasHash(body: Digest, params: SamplingParams): number {
    const ids = params.logit_bias_ids ?? []
    if (ids.length === 0) return first52(body)
    return hasher.hash52('body-bias', body + ids.toSorted((a, b) => a - b).join(' '))
  }
}

/** Some APIs send the system prompt as the first message: both forms give the same sketch. */
function splitSystem(content: RequestContent): { system: string | null; messages: readonly ChatMessage[] } {
  const messages = content.messages ?? []
  if (content.system) return { system: content.system, messages }
  const first = messages[0]
  if (first === undefined || !isSystemRole(first.role)) return { system: null, messages }
  return { system: textOf(first), messages: messages.slice(1) }
}

function isSystemRole(role: string): boolean {
  return role === 'system' || role === 'developer'
}

function textOf(message: ChatMessage): string {
  return partsOf(message)
    .map((part) => part.text ?? '')
    .join('\n')
}

/** A plain string is one text part, so that both ways to write a message give the same hash. */
function partsOf(message: ChatMessage): readonly TextPart[] {
  if (typeof message.content === 'string') return [{ type: 'text', text: message.content }]
  return message.content ?? []
}

function charsOf(message: ChatMessage): number {
  let chars = 0
  for (const part of partsOf(message)) chars += part.text?.length ?? 0
  return chars
}

/** Null: not read. The last message may be an assistant's: then the caller wrote it, to lead the answer. */
function speakerOf(role: string, partType: string, isLast: boolean): Speaker | null {
  if (role === 'tool' || role === 'function' || partType.startsWith('tool_result')) return 'tool'
  if (isSystemRole(role)) return 'system'
  return role === 'assistant' && !isLast ? null : 'user'
}

function canonicalParams(params: SamplingParams): string {
  return JSON.stringify([
    params.temperature ?? null,
    params.top_p ?? null,
    params.max_tokens ?? null,
    params.seed ?? null,
    params.choice_count ?? null,
    params.top_logprobs ?? null,
    params.response_format ?? null,
    params.tool_set_hash ?? null,
    params.tools_count ?? null,
    params.images_count ?? null,
    params.reasoning ?? null,
  ])
}

/** The first four and the last four, each once. */
function keepEnds(hashes: number[]): number[] {
  if (hashes.length <= 2 * PREFIXES_PER_END) return hashes
  return [...hashes.slice(0, PREFIXES_PER_END), ...hashes.slice(-PREFIXES_PER_END)]
}
