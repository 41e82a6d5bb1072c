import type { TopicName } from '../../schemas/topics.ts'
import type { TopicValues } from '../../schemas/values.ts'

/** One state of an accusation. A later one of the same id replaces it; an empty list of accounts takes it back. */
export interface Finding {
  readonly finding_id: string
  /** Event time from which the finding is known. */
  readonly event_time_ms: number
  /** Everybody whom it accuses now. `score` is that of the membership, 0 to 1. */
  readonly accounts: readonly { readonly account_id: string; readonly score: number }[]
  /** Linked, and not accused. */
  readonly related: readonly string[]
  /** Of the finding as a whole, 0 to 1; larger is surer. */
  readonly score: number
}

/** What a method says of the stream it has seen. */
export interface Findings {
  /** In the order of event time. */
  readonly findings: readonly Finding[]
  /**
   * How suspicious each account was at its worst, on any scale where larger is worse; an account that is not there
   * counts as less suspicious than all others. Curves are drawn from this, whatever the method's own threshold.
   */
  readonly accountScores: ReadonlyMap<string, number>
}

/**
 * Something that watches a stream and accuses accounts: the pipeline, or a baseline. It sees the records that producers
 * write, after the edge sketch, in the order of arrival, and no labels.
 */
export interface Method {
  /** `pipeline`, `B0`, … */
  readonly name: string
  /** One line for the report: what it does. */
  readonly summary: string
  take<Topic extends TopicName>(topic: Topic, value: TopicValues[Topic]): void
  /** End of the stream; called once. */
  finish(): Findings
}
