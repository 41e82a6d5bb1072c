import { createInterface } from 'node:readline'
import { createCodec } from '../../../lib/avro/codec.ts'
import { createKafka } from '../../../lib/kafka/client.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { type Fault, faultOf } from './fault.ts'
import { watchCommits } from './faults.ts'
import { stageSettings, toyWriters } from './settings.ts'
import { countingStage } from './toy.ts'

export interface MemberArguments {
  readonly broker: string
  readonly registryUrl: string
  readonly prefix: string
  readonly partitions: number
  readonly sessionTimeout_ms?: number
  readonly groupInstanceId?: string
  readonly fault?: Fault
}

/** What a member prints, a line each. */
export type MemberLine =
  | { readonly kind: 'hop'; readonly task: number; readonly hop: number }
  | { readonly kind: 'log'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'fault' }
  | { readonly kind: 'stopped' }

// A member of the counting stage in a process of its own. `stop` on standard input lets it leave its group and end.
const { broker, registryUrl, prefix, partitions, fault, ...overrides }: MemberArguments = JSON.parse(
  process.argv[2] ?? '{}',
)
const fail = fault && faultOf(fault, () => print({ kind: 'fault' }))
const kafka = createKafka({
  brokers: broker.split(','),
  clientId: 'member',
  log: ({ message, fields }) => print({ kind: 'log', message, fields }),
})
const runtime = await startStage({
  stage: countingStage(),
  kafka: fail ? watchCommits(kafka, fail) : kafka,
  codec: createCodec(openRegistry({ url: registryUrl, clientId: 'member', prefix })),
  settings: stageSettings(prefix, partitions, overrides),
  writers: toyWriters(partitions),
  log: ({ message, fields }) => print({ kind: 'log', message, fields }),
  now: Date.now,
  onHop: ({ task, hop }) => print({ kind: 'hop', task, hop }),
})
if (fail && fault.point === 'restore') setInterval(() => isRestoring() && fail('restore'), 1)
createInterface({ input: process.stdin }).on('line', () => void runtime.stop())
await runtime.closed
print({ kind: 'stopped' })
process.exit(0)

function isRestoring(): boolean {
  return runtime.status().tasks.some(({ restore }) => restore !== null && restore.records > 0 && restore.remaining > 0)
}

function print(line: MemberLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
