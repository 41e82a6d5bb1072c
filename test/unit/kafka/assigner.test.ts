import kafkajs, { type Assigner, type GroupMember } from 'kafkajs'
import { expect, test } from 'vitest'
import { type AssignerOptions, taskAssigner } from '../../../lib/kafka/assigner.ts'
import type { Stage } from '../../../lib/stream/stage.ts'

const source: Stage = {
  name: 'toy',
  scope: 'partitioned',
  inputs: [
    { topic: 'requests', role: 'source', partitions: 'own' },
    { topic: 'accounts', role: 'table', partitions: 'own', effect: 'hop_end' },
  ],
  outputs: [],
  changelog: 'fingerprints.state',
  create: () => {
    throw new Error('not here')
  },
}
const global: Stage = {
  ...source,
  scope: 'global',
  inputs: [{ topic: 'sightings', role: 'hops', partitions: 'all', writers: 'all' }],
  changelog: 'campaigns.state',
}

function assignerOf(options: Pick<AssignerOptions, 'stage' | 'broadcast'>, held: number[]): Assigner {
  const create = taskAssigner({ ...options, prefix: 'p.', partitions: 3, held: () => held })
  // Neither group nor cluster matters to this assigner.
  return (create as unknown as () => Assigner)()
}

async function assign(options: Pick<AssignerOptions, 'stage' | 'broadcast'>, members: Record<string, number[]>) {
  const group = Object.entries(members).map(([memberId, held]): GroupMember => {
    const { metadata } = assignerOf(options, held).protocol({ topics: ['p.requests'] })
    return { memberId, memberMetadata: metadata }
  })
  const assigned = await assignerOf(options, []).assign({ members: group, topics: [] })
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
    ]),
  )
}

test('a member gets every partition of its tasks, keeps the tasks it holds, and reads the cuts of all sources', async () => {
  expect(await assign({ stage: source, broadcast: 'hops' }, { a: [], b: [2, 1] })).toEqual({
    a: { 'p.hops': [0], 'p.fingerprints.state': [0], 'p.accounts': [0], 'p.requests': [0] },
    b: { 'p.hops': [0], 'p.fingerprints.state': [1, 2], 'p.accounts': [1, 2], 'p.requests': [1, 2] },
  })
})

test('the one task of a global stage gets all partitions, and a member without a task none', async () => {
  expect(await assign({ stage: global, broadcast: null }, { a: [], b: [0] })).toEqual({
    a: {},
    b: { 'p.campaigns.state': [0], 'p.sightings': [0, 1, 2] },
  })
})

test('a broker fills a fetch with changelogs and tables before requests', async () => {
  const { a } = await assign({ stage: source, broadcast: 'hops' }, { a: [] })
  expect(Object.keys(a ?? {})).toEqual(['p.hops', 'p.fingerprints.state', 'p.accounts', 'p.requests'])
})
