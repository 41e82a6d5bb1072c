import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { type AbortedTransaction, abortedRecords, type FetchedRecord } from './aborted-records.ts'
import { repeatEnds } from './hanging-transactions.ts'
import { mendLostAnswers } from './kafkajs-lost-answers.ts'
import { writeFaster } from './kafkajs-produce.ts'
import { keepRefusals } from './kafkajs-refusals.ts'
import type { Log } from './log.ts'
import { isCoordinatorMoving, isUnreachable, rootOf } from './protocol-error.ts'

// kafkajs 2.2.4 is frozen, so what is wrong inside it is mended here, on its prototypes, once for a process. Each patch
// says what it is for, and does nothing but warn when kafkajs is no longer what it expects.

const require = createRequire(import.meta.url)
let isPatched = false

/** Mends kafkajs. Call it before the first client is made. */
export function patchKafkajs(log: Log): void {
  if (isPatched) return
  isPatched = true
  stopTimerSpin(log)
  waitForCoordinators(log)
  forgetHalfConnections(log)
  keepRefusals((what) => hasChanged(log, what))
  hideAbortedRecords(log)
  mendLostAnswers((what) => hasChanged(log, what))
  repeatEnds((what) => hasChanged(log, what))
  writeFaster((what) => hasChanged(log, what))
}

interface RequestQueuePrototype {
  pending?: unknown
  throttledUntil?: number
  scheduleCheckPendingRequests?: () => void
}

/**
 * kafkajs 2.2.4 re-arms a 1 ms timer for ever on each connection, 3 % of a core of an idle process and a warning on
 * newer Node (tulios/kafkajs#1751). The timer serves requests that wait; while none does, it must not be armed.
 */
function stopTimerSpin(log: Log): void {
  const queue: { prototype: RequestQueuePrototype } = require('kafkajs/src/network/requestQueue/index.js')
  const schedule = queue.prototype.scheduleCheckPendingRequests
  if (typeof schedule !== 'function') {
    hasChanged(log, 'its idle timer')
    return
  }
  queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueuePrototype): void {
    const isWaiting = !Array.isArray(this.pending) || this.pending.length > 0
    if (isWaiting || (this.throttledUntil ?? 0) > Date.now()) schedule.call(this)
  }
}

interface ConsumerGroupPrototype {
  joinAndSync?: () => Promise<unknown>
}

/**
 * A join that meets a coordinator which is loading its groups stops a kafkajs consumer for good: `joinAndSync` gives up at
 * whatever is not a rebalance. That happens to the first group of a new cluster and to every group whose coordinator
 * restarts or moves; Java's client waits and asks again. And where no broker could say who the coordinator is, kafkajs calls
 * that final, so that whoever owns the consumer is never asked whether to start it again.
 */
function waitForCoordinators(log: Log): void {
  const group: { prototype: ConsumerGroupPrototype } = require('kafkajs/src/consumer/consumerGroup.js')
  const { joinAndSync } = group.prototype
  if (typeof joinAndSync !== 'function') {
    hasChanged(log, 'its way to join a group')
    return
  }
  group.prototype.joinAndSync = async function (this: ConsumerGroupPrototype): Promise<unknown> {
    try {
      return await whileCoordinatorMoves(() => joinAndSync.call(this))
    } catch (error) {
      const root = rootOf(error)
      if (root instanceof Error && isUnreachable(root)) Object.assign(root, { retriable: true })
      throw error
    }
  }
}

interface FetchResponse {
  readonly responses: readonly {
    readonly partitions: readonly {
      abortedTransactions: readonly AbortedTransaction[] | null
      readonly messages: readonly FetchedRecord[]
    }[]
  }[]
}

interface FetchingBroker {
  fetch?: (request: unknown) => Promise<FetchResponse>
}

/**
 * kafkajs 2.2.4 lets records of aborted transactions through to readers of committed data when several transactions were
 * open in a partition at a time: it takes the aborted ones for sorted by where they began, while brokers send them in the
 * order in which they ended (Java's client sorts them), and it enters at most one of them per record. What belongs to them
 * is marked as control records here, which kafkajs drops and whose offsets it still passes.
 */
function hideAbortedRecords(log: Log): void {
  const broker: { prototype: FetchingBroker } = require('kafkajs/src/broker/index.js')
  const { fetch } = broker.prototype
  if (typeof fetch !== 'function') {
    hasChanged(log, 'its filter of aborted records')
    return
  }
  broker.prototype.fetch = async function (this: FetchingBroker, request: unknown): Promise<FetchResponse> {
    const response = await fetch.call(this, request)
    for (const partition of response.responses.flatMap(({ partitions }) => partitions)) {
      const { abortedTransactions, messages } = partition
      if (!abortedTransactions || abortedTransactions.length === 0) continue
      for (const record of abortedRecords(messages, abortedTransactions)) record.isControlRecord = true
      partition.abortedTransactions = []
    }
    return response
  }
}

interface ConnectingBroker {
  connect?: () => Promise<void>
  disconnect?: () => Promise<void>
}

/**
 * A broker that accepts a connection and then says nothing, as one that hangs, fails `connect` after the socket is open.
 * The retry finds an open socket, takes that for success, and the next call ends in a plain `Error: Broker not connected`,
 * which looks like a mistake of ours. A connection that did not get to its end is closed instead.
 */
function forgetHalfConnections(log: Log): void {
  const broker: { prototype: ConnectingBroker } = require('kafkajs/src/broker/index.js')
  const { connect, disconnect } = broker.prototype
  if (typeof connect !== 'function' || typeof disconnect !== 'function') {
    hasChanged(log, 'its half-open connections')
    return
  }
  broker.prototype.connect = async function (this: ConnectingBroker): Promise<void> {
    try {
      await connect.call(this)
    } catch (error) {
      await disconnect.call(this).catch(() => undefined)
      throw error
    }
  }
}

function hasChanged(log: Log, what: string): void {
  log({ level: 'warn', message: `kafkajs has changed inside; ${what} is left as it is`, fields: {} })
}

const COORDINATOR_RETRY_MS = 100
// Twenty seconds: a coordinator reads its groups back in less, and a consumer that is told to stop meanwhile must end within
// its grace period of 25.
const COORDINATOR_RETRIES_MAX = 200

/** Repeats a call for as long as its coordinator is loading or moving, up to 20 s. */
export async function whileCoordinatorMoves<Result>(
  call: () => Promise<Result>,
  { retry_ms = COORDINATOR_RETRY_MS, retries_max = COORDINATOR_RETRIES_MAX } = {},
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call()
    } catch (error) {
      if (attempt >= retries_max || !isCoordinatorMoving(error)) throw error
      await setTimeout(retry_ms)
    }
  }
}
