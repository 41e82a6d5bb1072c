import { createInterface } from 'node:readline'
import { STAGE_NAMES } from '../../../consumers/pipeline.ts'
import type { Codec } from '../../../lib/avro/codec.ts'
import { openCluster } from '../../../lib/cli/cluster.ts'
import { createContext } from '../../../lib/cli/context.ts'
import { startStages } from '../../../lib/cli/stages.ts'
import { capturedIo } from '../../unit/cli/captured-io.ts'
import { type Fault, faultOf } from '../runtime/fault.ts'
import { watchCommits } from '../runtime/faults.ts'
import type { MemberLine } from '../runtime/member.ts'

export interface FaultyMemberArguments {
  readonly env: NodeJS.ProcessEnv
  readonly sessionTimeout_ms: number
  readonly fault: Fault
}

// `hydrawatch run all` as a process that meets a fault. SIGTERM, or `stop` on standard input, lets it leave its groups and end.
const { env, sessionTimeout_ms, fault }: FaultyMemberArguments = JSON.parse(process.argv[2] ?? '{}')
const fail = faultOf(fault, () => print({ kind: 'fault' }))
const own = createContext(capturedIo(env), new AbortController().signal, {}, false)
const context = Object.create(own, { log: { value: printingLog() } }) as typeof own
const config = own.config()
const cluster = await openCluster(context, config)
const stages = await Promise.all(
  STAGE_NAMES.map((stage) =>
    startStages(
      context,
      { ...config, kafka: { ...config.kafka, session_timeout_ms: sessionTimeout_ms } },
      { ...cluster, kafka: watchCommits(cluster.kafka, fail), codec: watchRestores(cluster.codec) },
      [stage],
      { onHop: ({ task, hop }) => print({ kind: 'hop', task, hop }) },
    ),
  ),
)
process.once('SIGTERM', () => void stop())
createInterface({ input: process.stdin }).on('line', () => void stop())
await Promise.all(stages.map(({ closed }) => closed))
await stop()
print({ kind: 'stopped' })
process.exit(0)

async function stop(): Promise<void> {
  await Promise.all(stages.map((stage) => stage.stop()))
}

/** Nobody but a restore decodes a changelog. */
function watchRestores(codec: Codec): Codec {
  return {
    ...codec,
    decode(topic, bytes, fields) {
      if (topic.endsWith('.state')) fail('restore')
      return codec.decode(topic, bytes, fields)
    },
  }
}

function printingLog() {
  const log = (fields: Readonly<Record<string, unknown>>, message: string) => print({ kind: 'log', message, fields })
  return { trace: log, debug: log, info: log, warn: log, error: log }
}

function print(line: MemberLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
