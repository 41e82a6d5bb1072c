import { type PipelineSettings, pipelineStages } from '../../../consumers/pipeline.ts'
import type { TopicName } from '../../../schemas/topics.ts'
import type { Alert, Decision } from '../../../schemas/types.ts'
import type { TopicValues } from '../../../schemas/values.ts'
import { AlertStream } from '../../alerts/alert-stream.ts'
import { Driver } from '../../stream/driver.ts'
import type { HopSettings } from '../../stream/topology.ts'
import type { Method } from '../method.ts'
import { AlertLedger } from './alert-ledger.ts'
import { ABLATED_BLOCKS, withoutBlock } from './without-block.ts'

export interface PipelineOptions {
  readonly settings: PipelineSettings
  readonly hops: HopSettings
  readonly config_hash: string
  /** Also as it would be without each block of evidence. */
  readonly ablations?: boolean
  /** Sees each decision when it is made; null: it has expired. */
  readonly onDecision?: (account_id: string, decision: Decision | null) => void
}

/**
 * The whole pipeline as a method, and after it one method per ablation. All come out of one run: the ablations hang on the
 * first, so that it must take every record and finish before them.
 */
export function pipelineMethods({ settings, hops, config_hash, ablations, onDecision }: PipelineOptions): Method[] {
  const ledger = new AlertLedger()
  const without = ablations ? ABLATED_BLOCKS.map((block) => ({ block, ledger: new AlertLedger() })) : []
  const pages = new AlertStream()
  const stages = pipelineStages(settings, config_hash)
  const at = stages.findIndex(({ name }) => name === 'campaigns') + 1
  const variants = without.map((item) => withoutBlock(stages[at - 1]!, item.block, (alert) => item.ledger.add(alert)))
  const driver = new Driver({
    stages: [...stages.slice(0, at), ...variants, ...stages.slice(at)],
    partitions: 1,
    hops,
    onOutput(_stage, record) {
      if (record.topic === 'alerts') {
        for (const alert of pages.add(record.value as Alert | null, record.hop?.last ?? false)) ledger.add(alert)
      } else if (record.topic === 'decisions') onDecision?.(record.key, record.value as Decision | null)
    },
    onFailure(stage, _hop, { part, error, message }) {
      // A detector that fails would only look like one that finds nothing.
      throw new Error(`${part} of ${stage} failed: ${error}: ${message}`)
    },
  })
  return [
    {
      name: 'pipeline',
      summary: 'the whole pipeline at its default settings',
      take: (topic, value) => driver.pipe(topic, keyOf(topic, value), value),
      finish() {
        driver.finish()
        return ledger.finish()
      },
    },
    ...without.map(
      (item): Method => ({
        name: `pipeline without ${item.block}`,
        summary: `the pipeline when links and signals of the ${item.block} block don't reach the campaigns stage`,
        take: () => undefined,
        finish: () => item.ledger.finish(),
      }),
    ),
  ]
}

function keyOf<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): string {
  return topic === 'model-releases'
    ? (value as TopicValues['model-releases']).model
    : (value as { account_id: string }).account_id
}
