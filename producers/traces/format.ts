/** A line of a trace file that could not be read. Carries no part of the line: it could be prompt text. */
export interface UnreadableLine {
  type: 'unreadable'
  line_number: number
  reason: string
}

/** The part of an input `request` record that a public trace can fill. Times are RFC 3339 with milliseconds, UTC. */
export interface TraceRequest {
  type: 'request'
  event_id: string
  event_time: string
  end_time: string
  account_id: string
  session_id?: string
  request_model: string
  operation: 'chat'
  content?: { messages: TraceMessage[]; output: string }
  sketch?: TraceSketch
  usage: { input_tokens: number; output_tokens: number }
  response: { status: 200; latency_ms: number }
}

export interface TraceMessage {
  role: string
  content: string
}

/**
 * `RequestSketch` of schemas/request.avsc as plain JSON, without spans: a trace of block ids has no text to find them
 * in.
 */
export interface TraceSketch {
  key_epoch: number
  system_hash: number | null
  prefix_hashes: number[]
  body_hash: number
  body_bias_hash: number
  spans: []
  cue_scores: []
  messages: number
  system_chars: number
  input_chars: number
  output_chars: number
}

/**
 * Turns the lines of one public trace file into input records, in order of `end_time` as far as the file allows.
 * Deterministic: the same lines give the same records. An unreadable line becomes an `UnreadableLine`, never an
 * exception, so that one bad line cannot end a run; whoever parses the records sends it to the dead letters.
 */
export interface TraceFormat {
  name: string
  convert(lines: AsyncIterable<string> | Iterable<string>): AsyncIterable<TraceRequest | UnreadableLine>
}

/** Four characters to a token, the usual rule for English; used where a trace gives only one of the two. */
export const CHARS_PER_TOKEN = 4
