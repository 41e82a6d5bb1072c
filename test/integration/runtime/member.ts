import { createCodec } from '../../../lib/avro/codec.ts'
import { createKafka } from '../../../lib/kafka/client.ts'
import { openRegistry } from '../../../lib/kafka/schemas.ts'
import { startStage } from '../../../lib/kafka/stage-runtime.ts'
import { stageSettings, toyWriters } from './settings.ts'
import { countingStage } from './toy.ts'

export interface MemberArguments {
  readonly broker: string
  readonly registryUrl: string
  readonly prefix: string
  readonly partitions: number
}

// A member of the counting stage in a process of its own, to be killed. Prints a line per committed hop.
const { broker, registryUrl, prefix, partitions }: MemberArguments = JSON.parse(process.argv[2] ?? '{}')
const log = () => undefined
const runtime = await startStage({
  stage: countingStage(),
  kafka: createKafka({ brokers: [broker], clientId: 'member', log }),
  codec: createCodec(openRegistry({ url: registryUrl, clientId: 'member', prefix })),
  settings: stageSettings(prefix, partitions),
  writers: toyWriters(partitions),
  log,
  now: Date.now,
  onHop: ({ task, hop }) => process.stdout.write(`${JSON.stringify({ task, hop })}\n`),
})
await runtime.closed
