import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { DETECTORS } from '../../consumers/detectors/index.ts'
import { type Detector, defineDetector } from '../../consumers/detectors/kit.ts'
import { detectorsStage } from '../../consumers/detectors/stage.ts'
import type { Fingerprint, Signal } from '../../schemas/types.ts'
import type { DetectorFixture } from '../fixtures/detectors/fixture.ts'
import { fixture as probingFixture } from '../fixtures/detectors/logprob-probing.ts'
import { runTopology } from '../helpers/topology.ts'
import { inOrder, tick } from '../helpers/traffic.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures/detectors/', import.meta.url))

describe('the registry', () => {
  test('has no two detectors of one name or one rule id', () => {
    expect(new Set(DETECTORS.map(({ name }) => name)).size).toBe(DETECTORS.length)
    expect(new Set(DETECTORS.map(({ rule }) => rule.id)).size).toBe(DETECTORS.length)
  })

  test.each(DETECTORS.map((detector) => [detector.name, detector] as const))(
    '%s is described as a rule',
    (_, { rule }) => {
      expect(z.uuid().safeParse(rule.id).success || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(rule.id)).toBe(
        true,
      )
      expect(rule.title).not.toBe('')
      expect(rule.falsepositives.length).toBeGreaterThan(0)
      for (const reference of rule.references) expect(reference).toMatch(/^https:\/\//)
    },
  )

  test.each(DETECTORS.map(({ name }) => name))('%s has a fixture in test/fixtures/detectors', (name) => {
    expect(existsSync(`${FIXTURES}${name}.ts`)).toBe(true)
  })
})

describe.each(DETECTORS.map(({ name }) => name))('%s', async (name) => {
  const { fixture } = (await import(`../fixtures/detectors/${name}.ts`)) as { fixture: DetectorFixture }
  const hitsOf = (events: DetectorFixture['catches'][number]['events']) =>
    signalsOf(events, { [name]: fixture.settings ?? {} }).filter((signal) => signal.detector === name)

  test('has traffic of both kinds', () => {
    expect(fixture.catches.length).toBeGreaterThan(1)
    expect(fixture.spares.length).toBeGreaterThan(1)
  })

  test.each(fixture.catches)('catches $name', ({ events, account_id }) => {
    const hits = hitsOf(events).filter(({ outcome }) => outcome === 'hit')
    expect(hits.length).toBeGreaterThan(0)
    expect(new Set(hits.map((hit) => hit.account_id))).toEqual(new Set([account_id]))
    expect(hits.every(({ reason, objectives }) => reason !== '' && objectives.length > 0)).toBe(true)
  })

  test.each(fixture.spares)('leaves alone $name', ({ events }) => {
    expect(hitsOf(events).map(({ outcome }) => outcome)).toEqual([])
  })
})

describe('the modes', () => {
  test('off: the detector does not run', () => {
    const settings = { detectors: { 'logprob-probing': { mode: 'off', probes_min: 10, ids_min: 50 } } }
    const run = runTopology(probing(), { settings })
    expect(Object.keys(run.counters.detectors ?? {}).filter((counter) => counter.startsWith('logprob'))).toEqual([])
    expect(run.alerts).toEqual([])
  })

  test('shadow: its signals are recorded, marked and counted, and move no score', () => {
    const section = { probes_min: 10, ids_min: 50 }
    const shadow = runTopology(probing(), {
      settings: { detectors: { 'logprob-probing': { ...section, mode: 'shadow' } } },
    })
    const active = runTopology(probing(), { settings: { detectors: { 'logprob-probing': section } } })
    expect(active.alerts).toHaveLength(1)
    expect(shadow.alerts).toEqual([])
    expect(shadow.decisions).toEqual([])
    expect(shadow.counters.detectors).toEqual(active.counters.detectors)
    expect(
      signalsOf(probing(), { 'logprob-probing': { ...section, mode: 'shadow' } }).map((signal) => signal.shadow),
    ).toContain(true)
  })
})

describe('a detector that throws', () => {
  const broken = detectorOf('broken', () => {
    throw new Error('a customer wrote this')
  })
  const fine = detectorOf('fine', () => ({
    outcome: 'hit',
    n: 1,
    observed: 1,
    baseline: null,
    p_value: null,
    reason: 'always',
    objectives: ['general'],
  }))
  const stage = detectorsStage([broken, fine], {})
  const processor = stage.create({ task: 0, partitions: 1, hop_ms: 60_000 })
  const fingerprints = fingerprintsOf(probing()).slice(0, 1)
  const [fingerprint] = fingerprints
  const outputs = processor.process({ hop: 1, end_ms: 120_000, records: { fingerprints }, late: new Set() })
  const signals = outputs.flatMap(({ topic, value }) => (topic === 'signals' && value ? [value as Signal] : []))

  test('has the outcome error, counted and told, without its message', () => {
    expect(signals.find(({ detector }) => detector === 'broken')).toMatchObject({ outcome: 'error', n: 0 })
    expect(processor.counters()).toMatchObject({ broken_error: 1 })
    expect(JSON.stringify(outputs)).not.toContain('customer')
  })

  test('keeps none of its neighbours from speaking', () => {
    expect(signals.find(({ detector }) => detector === 'fine')).toMatchObject({
      outcome: 'hit',
      account_id: fingerprint?.account_id,
    })
    expect(processor.counters()).toMatchObject({ fine_hit: 1 })
  })
})

function detectorOf(name: string, evaluate: Detector['evaluate']): Detector {
  return defineDetector({
    name,
    version: 1,
    block: 'payload',
    rule: { id: name, title: name, status: 'test', level: 'low', falsepositives: [], references: [] },
    window: '24h',
    standalone: false,
    settings: z.strictObject({}),
    evaluate,
  })
}

function probing() {
  return inOrder([...(probingFixture.catches[0]?.events ?? []), tick(40)])
}

function signalsOf(events: DetectorFixture['catches'][number]['events'], detectors: Record<string, unknown>): Signal[] {
  const { outputs } = runTopology(inOrder([...events, tick(60)]), { settings: { detectors } })
  return outputs.flatMap(({ record }) => (record.topic === 'signals' && record.value ? [record.value as Signal] : []))
}

function fingerprintsOf(events: DetectorFixture['catches'][number]['events']): Fingerprint[] {
  return runTopology(events).outputs.flatMap(({ record }) =>
    record.topic === 'fingerprints' && record.value ? [record.value as Fingerprint] : [],
  )
}
