import { POSITION_KEY } from '../../lib/kafka/task-records.ts'
import { type Stage, taskCount } from '../../lib/stream/stage.ts'
import type { Position } from '../../schemas/types.ts'
import type { SimulatedCluster } from './cluster.ts'
import { openCodec } from './codec.ts'
import { committedRecords } from './log-reader.ts'

interface Progress {
  offset: number
  hop: number
  producerId: number
  producerEpoch: number
  position: Position | null
}

/** Follows what the tasks of the stages commit to their changelogs, and says when that is not what one owner at a time would write. */
export class ChangelogWatch {
  private readonly cluster: SimulatedCluster
  private readonly stages: readonly Stage[]
  private readonly partitions: number
  private readonly progress = new Map<string, Progress>()

  constructor(cluster: SimulatedCluster, stages: readonly Stage[], partitions: number) {
    this.cluster = cluster
    this.stages = stages
    this.partitions = partitions
  }

  /** Looks at what is new. Returns what is wrong with it. */
  async look(): Promise<string[]> {
    const wrong: string[] = []
    const codec = await openCodec()
    for (const { name, changelog, scope } of this.stages) {
      const tasks = scope === 'global' ? 1 : this.partitions
      for (let task = 0; task < tasks; task++) {
        const place = `${name}/${task}`
        const known = this.progress.get(place) ?? {
          offset: 0,
          hop: Number.NEGATIVE_INFINITY,
          producerId: -1,
          producerEpoch: -1,
          position: null,
        }
        this.progress.set(place, known)
        const log = this.cluster.state.topics.partition(changelog, task)
        if (log.lastStableOffset <= known.offset) continue
        for (const record of committedRecords(log, known.offset)) {
          const { offset, producerId, producerEpoch, key, value } = record
          if (producerId === known.producerId && producerEpoch < known.producerEpoch) {
            wrong.push(`${place}: epoch ${producerEpoch} commits at ${offset}, after epoch ${known.producerEpoch}`)
          }
          known.producerId = producerId
          known.producerEpoch = producerEpoch
          if (key !== POSITION_KEY || value === null) continue
          const decoded = codec.decode(changelog, value).value
          const position = decoded !== null && 'position' in decoded ? decoded.position : null
          if (!position) continue
          if (position.hop <= known.hop) {
            wrong.push(`${place}: hop ${position.hop} is committed at ${offset}, after hop ${known.hop}`)
          }
          known.hop = position.hop
          known.position = position
        }
        known.offset = log.lastStableOffset
      }
    }
    return wrong
  }

  /** Topics in the last positions of all tasks. */
  inputs(): ReadonlySet<string> {
    const positions = [...this.progress.values()].flatMap(({ position }) => position ?? [])
    return new Set(positions.flatMap(({ inputs }) => inputs.map(({ topic }) => topic)))
  }

  /** Whether the groups' offsets are where the positions are, or behind them by markers alone. */
  checkOffsets(groupIdOf: (stage: string) => string): string[] {
    const wrong: string[] = []
    for (const stage of this.stages) {
      const group = this.cluster.state.groups.find(groupIdOf(stage.name))
      for (let task = 0; task < taskCount(stage, this.partitions); task++) {
        for (const { topic, partition, resume_offset } of this.progress.get(`${stage.name}/${task}`)?.position
          ?.inputs ?? []) {
          const committed = group?.offsets.get(topic, partition)?.offset ?? -1
          const end = this.cluster.state.topics.partition(topic, partition).endOffset
          if (committed < resume_offset || committed > end) {
            wrong.push(
              `${stage.name}/${task}: the group stands at ${committed} of ${topic}/${partition}, the position at ${resume_offset}, the end at ${end}`,
            )
          }
        }
      }
    }
    return wrong
  }
}
