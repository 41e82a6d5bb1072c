import { type Kind, pickParams } from '../sample/prompts.ts'
import type { Random } from '../sample/random.ts'
import { hexId } from '../traces/ids.ts'
import type { Params } from './actor.ts'
import { randomHex } from './ids.ts'
import { createZipf } from './zipf.ts'

const PUBLIC_TOOL_SETS = 12
const publicToolSet = createZipf(PUBLIC_TOOL_SETS, 1)
/** Honest classifiers steer the model to a few labels. */
const LABEL_BIAS_SHARE = 0.02
const LABELS_MAX = 8
const VOCABULARY = 100_000

/** The settings that an account sends with every call. */
export function pickHabits(kind: Kind, random: Random): Params {
  const params: Params = pickParams(kind, random)
  if (kind === 'agent' || random.chance(0.08)) {
    params.tools_count ??= 1 + random.int(6)
    params.tool_set_hash = toolSet(random)
  }
  if (random.chance(0.08)) params.seed = random.chance(0.5) ? 42 : random.int(10_000)
  if (kind === 'api' && random.chance(0.25)) params.response_format = random.pick(['json_object', 'json_schema'])
  if (kind === 'api' && random.chance(0.03)) params.choice_count = 2 + random.int(7)
  if (kind !== 'agent' && random.chance(0.06)) params.images_count = 1 + random.int(3)
  if (kind === 'api' && random.chance(0.04)) params.top_logprobs = 1 + random.int(10)
  if (kind === 'api' && random.chance(LABEL_BIAS_SHARE)) {
    params.logit_bias_ids = Array.from({ length: 2 + random.int(LABELS_MAX - 1) }, () => random.int(VOCABULARY))
    params.max_tokens = 1 + random.int(4)
  }
  return params
}

/** That of a public agent program, or one of its own. */
export function toolSet(random: Random): string {
  return `tools-${random.chance(0.6) ? hexId(12, 'public tool set', publicToolSet(random)) : randomHex(random, 12)}`
}
