import { createInterface } from 'node:readline'
import { createCodec } from '../../../lib/avro/codec.ts'
import { createKafka } from '../../../lib/kafka/client.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { type CommitPoint, watchCommits } from './faults.ts'
import { stageSettings, toyWriters } from './settings.ts'
import { countingStage } from './toy.ts'

/** Where a member is stopped in its tracks: at the n-th time that it comes to a point of a commit, or while it restores. */
export interface Fault {
  readonly point: CommitPoint | 'restore'
  /** @default 1 */
  readonly occurrence?: number
  /** SIGKILL, SIGSTOP, or a loop that blocks the process for so long. */
  readonly does: 'kill' | 'stop' | { readonly block_ms: number }
}

export interface MemberArguments {
  readonly broker: string
  readonly registryUrl: string
  readonly prefix: string
  readonly partitions: number
  readonly sessionTimeout_ms?: number
  readonly fault?: Fault
}

/** What a member prints, a line each. */
export type MemberLine =
  | { readonly kind: 'hop'; readonly task: number; readonly hop: number }
  | { readonly kind: 'log'; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly kind: 'fault' }
  | { readonly kind: 'stopped' }

// A member of the counting stage in a process of its own. `stop` on standard input lets it leave its group and end.
const { broker, registryUrl, prefix, partitions, sessionTimeout_ms, fault }: MemberArguments = JSON.parse(
  process.argv[2] ?? '{}',
)
let occurrences = 0
let hasFailed = false
const kafka = createKafka({
  brokers: broker.split(','),
  clientId: 'member',
  log: ({ message, fields }) => print({ kind: 'log', message, fields }),
})
const runtime = await startStage({
  stage: countingStage(),
  kafka: fault && fault.point !== 'restore' ? watchCommits(kafka, (point) => failAt(fault, point)) : kafka,
  codec: createCodec(openRegistry({ url: registryUrl, clientId: 'member', prefix })),
  settings: stageSettings(prefix, partitions, { sessionTimeout_ms }),
  writers: toyWriters(partitions),
  log: ({ message, fields }) => print({ kind: 'log', message, fields }),
  now: Date.now,
  onHop: ({ task, hop }) => print({ kind: 'hop', task, hop }),
})
if (fault?.point === 'restore') setInterval(() => isRestoring() && failAt(fault, 'restore'), 1)
createInterface({ input: process.stdin }).on('line', () => void runtime.stop())
await runtime.closed
print({ kind: 'stopped' })
process.exit(0)

function isRestoring(): boolean {
  return runtime.status().tasks.some(({ restore }) => restore !== null && restore.records > 0 && restore.remaining > 0)
}

function failAt({ point, occurrence = 1, does }: Fault, reached: Fault['point']): void {
  if (reached !== point || hasFailed) return
  occurrences += 1
  if (occurrences < occurrence) return
  hasFailed = true
  print({ kind: 'fault' })
  if (does === 'kill') process.kill(process.pid, 'SIGKILL')
  else if (does === 'stop') process.kill(process.pid, 'SIGSTOP')
  else {
    const until_ms = Date.now() + does.block_ms
    while (Date.now() < until_ms);
  }
}

function print(line: MemberLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
