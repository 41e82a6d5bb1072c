/** Time until the first token for an empty prompt, ms. */
const FIRST_TOKEN_MS = 200
/** Prefill at 10,000 tokens per second. */
const PREFILL_MS_PER_TOKEN = 0.1
/** Decoding at 50 tokens per second. */
const DECODE_MS_PER_TOKEN = 20

/**
 * How long a call of this size takes, in whole ms. The traces record arrivals and lengths only, so this is an
 * assumption (a hosted model at 50 output tokens per second), not a measurement: nothing may be concluded from it about
 * latency.
 */
export function assumedLatency_ms(input_tokens: number, output_tokens: number): number {
  return Math.round(FIRST_TOKEN_MS + input_tokens * PREFILL_MS_PER_TOKEN + output_tokens * DECODE_MS_PER_TOKEN)
}
