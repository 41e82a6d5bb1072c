import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Codec, createCodec } from '../../lib/avro/codec.ts'
import { createKafka, type KafkaClient } from '../../lib/kafka/client.ts'
import { openRegistry } from '../../lib/kafka/schemas.ts'
import { applyTopics } from '../../lib/kafka/topics.ts'
import { packageRoot } from '../../lib/ops/package-info.ts'

/** A broker and a registry in a process of their own, so that this process is the client alone. */
export interface BenchCluster {
  readonly kafka: KafkaClient
  readonly codec: Codec
  readonly prefix: string
  readonly partitions: number
  stop(): Promise<void>
}

/** Starts the embedded broker and registry as a child, and creates every topic. */
export async function startBenchCluster(partitions: number): Promise<BenchCluster> {
  const command = [join(packageRoot(), 'bin/hydrawatch.js'), 'broker', '--port', '0', '--registry-port', '0', '--json']
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  try {
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the broker process ended with ${code} before it listened`)
    })
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    const { brokers, registry: url }: { brokers: string; registry: string } = JSON.parse(line)
    ended.catch(() => undefined)
    const prefix = ''
    const kafka = createKafka({ brokers: [brokers], clientId: 'bench', log: () => undefined })
    const registry = openRegistry({ url, clientId: 'bench', prefix })
    const admin = kafka.admin()
    await admin.connect()
    await applyTopics(admin, { prefix, partitions, replicationFactor: 1 })
    await admin.disconnect()
    await registry.registerAll()
    return { kafka, codec: createCodec(registry), prefix, partitions, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
