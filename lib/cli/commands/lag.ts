import { setTimeout as after } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { lookAtStage, type TaskLook } from '../../kafka/lag.ts'
import { LagWatch } from '../../kafka/lag-watch.ts'
import { checkTopics } from '../../kafka/topics.ts'
import { lookAtProcesses } from '../../monitor/state-reader.ts'
import { openCluster } from '../cluster.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { LAG_COLUMNS, lagRows, lagWarnings, restoreColumns } from '../lag-rows.ts'
import { stagesOf } from '../pipeline.ts'
import { requireBrokers } from '../require-brokers.ts'
import { TaskHolders } from '../task-holders.ts'

interface LagOptions {
  readonly watch?: boolean
  readonly interval: number
  readonly process?: readonly string[]
}

const INTERVAL_MAX_S = 3_600

/** `hydrawatch lag`: how far each task is behind, and what state that is. Asks the broker, and the processes that it is told of. */
export const lag: CliCommand<LagOptions> = {
  configure(command: Command) {
    command
      .addOption(jsonOption())
      .option('--watch', 'look again and again, which is what it takes to tell lagging from stalled; ends with Ctrl-C')
      .addOption(
        new Option('--interval <seconds>', 'between two looks').default(5).argParser((text: string) => {
          const interval_s = Number(text)
          if (!(interval_s > 0 && interval_s <= INTERVAL_MAX_S))
            throw new InvalidArgumentError(`more than 0, at most ${INTERVAL_MAX_S}`)
          return interval_s
        }),
      )
      .addOption(
        new Option(
          '--process <host:port>',
          'where a process of ours serves /statez; says how far the restores there are; repeatable (default: metrics.processes)',
        ).argParser((address: string, given: readonly string[] = []) => [...given, address]),
      )
  },

  async run(context, { watch = false, interval, process: processes }) {
    const config = context.config({ metrics: { processes: processes && [...processes] } })
    requireBrokers(config)
    const cluster = await openCluster(context, config)
    const { prefix, partitions } = config.topics
    const stages = stagesOf(config)
    const lagWatch = new LagWatch({ stages, partitions, hops: config.hops })
    const admin = cluster.kafka.admin()
    const look = async (): Promise<TaskLook[]> => {
      const tasks: TaskLook[] = []
      for (const stage of stages) tasks.push(...(await lookAtStage(admin, stage, { prefix, partitions })))
      return tasks
    }
    try {
      await cluster.kafka.reach('reading lag', async () => {
        await admin.connect()
        await checkTopics(admin, { prefix, partitions })
      })
      for (;;) {
        const [looks, answers] = await Promise.all([
          cluster.kafka.reach('reading lag', look),
          lookAtProcesses(config.metrics.processes),
        ])
        const now_ms = Date.now()
        const tasks = lagWatch.look(looks, now_ms)
        const holders = new TaskHolders(answers)
        if (watch) context.out.text(new Date(now_ms).toISOString())
        context.out.rows(answers.length > 0 ? restoreColumns(holders) : LAG_COLUMNS, lagRows(tasks, now_ms, holders))
        for (const warning of lagWarnings(tasks, holders)) context.out.text(warning)
        for (const { process, problem } of answers) {
          if (problem === null) continue
          const observed_at = new Date(now_ms).toISOString()
          context.out.record({ observed_at, process, problem }, `${process} ${problem}: what its tasks do is not known`)
        }
        if (!watch || context.signal.aborted) return
        await after(interval * 1_000, undefined, { signal: context.signal }).catch(() => undefined)
        if (context.signal.aborted) return
      }
    } finally {
      await admin.disconnect()
      await cluster.close()
    }
  },
}
