import type { ChangelogEntry } from '../../../lib/stream/processor.ts'
import type { Stage } from '../../../lib/stream/stage.ts'

/** What one processor, which lives from a restore to the next failure, was given in its time. */
export interface ProcessorLife {
  readonly task: number
  /** Entries of the changelog before `restored`, and those that came after it, which none may. */
  readonly restored: ChangelogEntry[]
  readonly echoed: ChangelogEntry[]
  readonly hops: number[]
  isRestored: boolean
}

/** The stage, except that each processor that it creates writes down what it is given. */
export function watchedStage(stage: Stage, lives: ProcessorLife[]): Stage {
  return {
    ...stage,
    create(context) {
      const processor = stage.create(context)
      const life: ProcessorLife = { task: context.task, restored: [], echoed: [], hops: [], isRestored: false }
      lives.push(life)
      return {
        process(hop) {
          life.hops.push(hop.hop)
          return processor.process(hop)
        },
        drainChanges: () => processor.drainChanges(),
        restore(entry) {
          const entries = life.isRestored ? life.echoed : life.restored
          entries.push(entry)
          processor.restore(entry)
        },
        restored() {
          life.isRestored = true
          processor.restored()
        },
        counters: () => processor.counters(),
      }
    },
  }
}
