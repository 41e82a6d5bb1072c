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
import { inOrder, request, tick } from '../helpers/traffic.ts'

const HIT = {
  outcome: 'hit',
  n: 1,
  observed: 1,
  baseline: null,
  p_value: null,
  reason: 'always',
  objectives: ['general'],
} as const

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

describe('a detector that fails', () => {
  const fine = detectorOf('fine', () => HIT)
  const broken = detectorOf('broken', ({ account_id }) => {
    throw new TypeError(`a customer wrote ${account_id} at 1772532000000`)
  })
  const [fingerprint] = fingerprintsOf(probing())
  if (!fingerprint) throw new Error('the traffic gives no fingerprint')
  const accounts = (count: number, hop: number) =>
    Array.from({ length: count }, (_, i) => ({ ...fingerprint, account_id: `account-${100 + i}`, hop }))

  /** Runs detectors over so many accounts in each of some hops. */
  function run(detectors: Detector[], hops: readonly number[], count = 3) {
    const processor = detectorsStage(detectors, {}).create({ task: 0, partitions: 1, hop_ms: 60_000 })
    const steps = hops.map((hop) => {
      const records = { fingerprints: accounts(count, hop) }
      const outputs = processor.process({ hop, end_ms: (hop + 1) * 60_000, records, late: new Set() })
      const signals = outputs.flatMap(({ topic, value }) => (topic === 'signals' && value ? [value as Signal] : []))
      return { signals, failures: processor.drainFailures?.() ?? [], changes: processor.drainChanges() }
    })
    return { processor, steps }
  }

  test('has the outcome error, counted per account, and keeps none of its neighbours from speaking', () => {
    const { processor, steps } = run([broken, fine], [1])
    expect(processor.counters()).toMatchObject({ broken_error: 3, fine_hit: 3 })
    expect(steps[0]?.signals.filter(({ detector }) => detector === 'fine')).toHaveLength(3)
  })

  test('is told to the shell once a hop, with class, message and place, and without what is of an account', () => {
    const { steps } = run([broken, fine], [1, 2])
    const failure = { part: 'broken', error: 'TypeError', message: 'a customer wrote … at #', count: 3 }
    for (const { failures } of steps) {
      expect(failures).toMatchObject([failure])
      expect(failures[0]?.where).toMatch(/^detectors\.test\.ts:\d+:\d+$/)
    }
    expect(JSON.stringify(steps.map(({ signals }) => signals))).not.toContain('wrote')
  })

  test('says so in the signals once an hour, however many accounts it fails on', () => {
    const hops = Array.from({ length: 150 }, (_, i) => 10 + i)
    const { steps } = run([broken], hops, 50)
    const said = steps.flatMap(({ signals }) => signals.map(({ hop, outcome }) => [hop, outcome]))
    expect(said).toEqual([
      [10, 'error'],
      [70, 'error'],
      [130, 'error'],
    ])
  })

  test('fails as well when what it returns is nonsense', () => {
    const nonsense: Record<string, unknown> = {
      nothing: undefined,
      a_promise: Promise.resolve(HIT),
      not_a_number: { ...HIT, observed: Number.NaN },
      endless: { ...HIT, observed: Number.POSITIVE_INFINITY },
      another_outcome: { ...HIT, outcome: 'error' },
      no_size: { ...HIT, n: -1 },
      impossible: { ...HIT, p_value: 1.2 },
      text: { ...HIT, reason: 'the customer asked for it' },
      unknown_aim: { ...HIT, objectives: ['fame'] },
    }
    const detectors = Object.entries(nonsense).map(([name, value]) => detectorOf(name, () => value as typeof HIT))
    const { processor, steps } = run([...detectors, fine], [1], 1)
    const counters = processor.counters()
    for (const name of Object.keys(nonsense)) expect([name, counters[`${name}_error`]]).toEqual([name, 1])
    expect(counters.fine_hit).toBe(1)
    expect(steps[0]?.failures.map(({ error }) => error)).toEqual(detectors.map(() => 'NoFinding'))
    expect(JSON.stringify(steps)).not.toContain('asked')
  })

  test('takes back nothing that it said before', () => {
    const unsteady = detectorOf('unsteady', ({ hop }) => {
      if (hop === 2) throw new Error('not today')
      return HIT
    })
    const { steps } = run([unsteady], [1, 2, 3], 1)
    expect(steps.map(({ signals }) => signals.map(({ outcome }) => outcome))).toEqual([['hit'], ['error'], []])
  })

  test('moves no score and no alert', () => {
    const settings = { detectors: { 'logprob-probing': { probes_min: 10, ids_min: 50 } } }
    const traffic = inOrder([...probing(), request({ account_id: 'prober', at: 60 }), tick(70)])
    const linesWith = (detectors: readonly Detector[]) => runTopology(traffic, { settings, detectors })
    const sound = linesWith(DETECTORS)
    expect(sound.alerts).toHaveLength(1)
    expect(linesWith([...DETECTORS, broken]).lines).toEqual(sound.lines)

    let hits = 0
    const breaking = DETECTORS.map(
      (detector): Detector => ({
        ...detector,
        evaluate(fingerprint, own) {
          if (hits > 0) throw new Error('broken since the first hit')
          const finding = detector.evaluate(fingerprint, own)
          if (finding.outcome === 'hit') hits++
          return finding
        },
      }),
    )
    const unsound = linesWith(breaking)
    expect(unsound.counters.detectors?.['logprob-probing_error']).toBeGreaterThan(0)
    expect(unsound.lines).toEqual(sound.lines)
  })
})

describe('what is remembered of an account', () => {
  const fine = detectorOf('fine', () => HIT)
  const [fingerprint] = fingerprintsOf(probing())
  const context = { task: 0, partitions: 1, hop_ms: 60_000 }
  const WEEK_HOPS = 10_080
  const hopAt = (hop: number, fingerprints: Fingerprint[] = []) => ({
    hop,
    end_ms: (hop + 1) * 60_000,
    records: { fingerprints },
    late: new Set<never>(),
  })

  test('is let go when it has been silent for a week, also over a restart', () => {
    const before = detectorsStage([fine], {}).create(context)
    before.process(hopAt(1, fingerprint ? [{ ...fingerprint, hop: 1 }] : []))
    const after = detectorsStage([fine], {}).create(context)
    for (const entry of before.drainChanges()) after.restore(entry)
    after.restored()
    for (const processor of [before, after]) {
      processor.process(hopAt(WEEK_HOPS - 60))
      expect(processor.drainChanges()).toEqual([])
      processor.process(hopAt(WEEK_HOPS + 120))
      expect(processor.drainChanges()).toEqual([{ key: `${fingerprint?.account_id}\u0000fine`, value: null }])
    }
  })

  test('leaves the changelog with the detector or the version that said it', () => {
    const before = detectorsStage([fine], {}).create(context)
    before.process(hopAt(1, fingerprint ? [{ ...fingerprint, hop: 1 }] : []))
    const entries = before.drainChanges()
    for (const detectors of [[], [{ ...fine, version: 2 }]]) {
      const after = detectorsStage(detectors, {}).create(context)
      for (const entry of entries) after.restore(entry)
      after.restored()
      expect(after.drainChanges()).toEqual(entries.map(({ key }) => ({ key, value: null })))
    }
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
