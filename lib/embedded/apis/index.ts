import type { ApiName } from '../protocol/api-keys.ts'
import type { Handler } from '../request.ts'
import { apiVersions } from './api-versions.ts'
import { alterConfigs, describeConfigs } from './configs.ts'
import { fetch } from './fetch.ts'
import { deleteGroups, describeGroups, heartbeat, joinGroup, leaveGroup, listGroups, syncGroup } from './groups.ts'
import { listOffsets } from './list-offsets.ts'
import { findCoordinator, metadata } from './metadata.ts'
import { offsetCommit, offsetFetch } from './offsets.ts'
import { produce } from './produce.ts'
import { createPartitions, createTopics, deleteRecords, deleteTopics } from './topics.ts'
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from './transactions.ts'

/** Every API that the broker offers, and the function that answers it. */
export const HANDLERS: Readonly<Record<ApiName, Handler>> = {
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  apiVersions,
  createTopics,
  deleteTopics,
  deleteRecords,
  initProducerId,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  txnOffsetCommit,
  describeConfigs,
  alterConfigs,
  createPartitions,
  deleteGroups,
}
