import { BLOCK_OF } from '../../../consumers/campaigns/object-kinds.ts'
import type { Alert, Block } from '../../../schemas/types.ts'
import { compareAlerts } from '../../alerts/alert-line.ts'
import { joinPages } from '../../alerts/join-pages.ts'
import type { HopInput } from '../../stream/processor.ts'
import type { Stage } from '../../stream/stage.ts'

/** Blocks of evidence that an ablation leaves out, one at a time. */
export const ABLATED_BLOCKS = ['payload', 'timing', 'infrastructure', 'payment', 'lifecycle', 'relay'] as const

/**
 * The campaigns stage as it would be without a block: links through its kinds of objects and signals of its detectors don't
 * reach it. It stands beside the real one, reads the same topics and writes none; its alerts go to `onAlert`, in order.
 */
export function withoutBlock(campaigns: Stage, block: Block, onAlert: (alert: Alert) => void): Stage {
  return {
    ...campaigns,
    name: `${campaigns.name}-without-${block}`,
    outputs: [],
    create(context) {
      const processor = campaigns.create(context)
      return {
        process(hop) {
          const outputs = processor.process(filtered(hop, block))
          const pages = outputs.flatMap(({ topic, value }) => (topic === 'alerts' && value ? [value as Alert] : []))
          for (const alert of joinPages(pages).sort(compareAlerts)) onAlert(alert)
          return []
        },
        drainChanges: () => processor.drainChanges(),
        restore: (entry) => processor.restore(entry),
        restored: () => processor.restored(),
        counters: () => processor.counters(),
      }
    },
  }
}

function filtered(hop: HopInput, block: Block): HopInput {
  const { links = [], signals = [] } = hop.records
  return {
    ...hop,
    records: {
      ...hop.records,
      links: links.map((batch) => ({ ...batch, links: batch.links.filter(({ kind }) => BLOCK_OF[kind] !== block) })),
      signals: signals.filter((signal) => signal.block !== block),
    },
  }
}
