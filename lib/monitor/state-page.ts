import type { StageView, TaskView } from './stage-view.ts'

/** What `/statez` answers: every task of this process, for people and scripts. Ids of accounts are not in it. */
export function statePage(stages: readonly StageView[], now_ms: number) {
  return {
    now: new Date(now_ms).toISOString(),
    stages: stages.map(({ status, tasks }) => ({
      stage: status.stage,
      group_id: status.groupId,
      generation: status.generation,
      last_heard_ms: now_ms - status.lastHeard_ms,
      brokers_away: status.isAway,
      over: status.isOver,
      sources_behind: status.behind,
      tasks: tasks.map((task) => taskState(task, now_ms)),
    })),
  }
}

function taskState(task: TaskView, now_ms: number) {
  const { hop, hopEnd_ms, restore, buffered, isReady, missing, inputs, lastCommit_ms } = task
  return {
    task: task.task,
    state: task.state,
    lag_state: task.lagState,
    hop,
    event_time: hopEnd_ms === null ? null : new Date(hopEnd_ms).toISOString(),
    event_time_lag_ms: task.eventTimeLag_ms,
    last_commit_ms: lastCommit_ms === null ? null : Math.max(0, now_ms - lastCommit_ms),
    restore,
    buffered_records: buffered,
    hop_complete: isReady,
    waits_for: missing,
    inputs: inputs.map(({ topic, partition, role, next, committed, end, lag, unread }) => {
      return { topic, partition, role, next, committed, end, lag, unread }
    }),
  }
}
