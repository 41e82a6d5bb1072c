import { CUE_CLASSES, type CueClass } from '../../lib/sketch/cues.ts'
import type { Block, ObjectKind } from '../../schemas/types.ts'
import type { CampaignsSettings } from './settings.ts'

/** What sharing an object of each kind is evidence of. */
export const BLOCK_OF: Record<ObjectKind, Block> = {
  unknown: 'unknown',
  span: 'payload',
  prefix: 'relay',
  payment: 'payment',
  client: 'infrastructure',
}

/** Cue classes whose outputs are what extraction is after; agentic, code and vision wrappers are everywhere. */
const ELICITING: readonly CueClass[] = ['reasoning', 'grading', 'cleaning', 'task_generation', 'rewriting']
const ELICITING_BITS = ELICITING.reduce((bits, cue) => bits | (1 << CUE_CLASSES.indexOf(cue)), 0)

/** True for a span that asks for what extraction is after. */
export function isEliciting(cues: number): boolean {
  return (cues & ELICITING_BITS) !== 0
}

/** Cue classes of a set of bits. */
export function cueClasses(cues: number): CueClass[] {
  return CUE_CLASSES.filter((_, index) => (cues & (1 << index)) !== 0)
}

/**
 * Largest log p at which a joint holding with an object of this kind counts; the costlier a thing is to share by accident, the
 * less is asked. Null: the kind supports no joint holding.
 */
export function logPMax(kind: ObjectKind, settings: CampaignsSettings): number | null {
  switch (kind) {
    case 'payment':
      return settings.payment_log10_p_max * Math.LN10
    case 'prefix':
      return settings.relay_log10_p_max * Math.LN10
    case 'client':
      return settings.client_log10_p_max * Math.LN10
    default:
      return null
  }
}

/** True for kinds that a viral release of an agent does not bring with it, so that sharing them is more than co-adoption. */
export function isBeyondCoAdoption(kind: ObjectKind): boolean {
  return kind === 'payment' || kind === 'prefix'
}

/** True for kinds whose holders are asked what else they share. */
export function isAnchor(kind: ObjectKind): boolean {
  return BLOCK_OF[kind] === 'payload'
}
