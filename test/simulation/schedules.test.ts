import { expect, test } from 'vitest'
import { BREAKS } from './breaks.ts'
import { report } from './report.ts'
import { runSeed } from './run-seed.ts'
import { NEXT_INPUT } from './schedule.ts'

const SEEDS = 15
const UPGRADES = 5
const STATICS = 6
// The break that shows least is noticed by one schedule in thirty (docs/simulation.md): a change of the runtime moves every
// schedule and must not make this fail; a simulation that has gone blind must.
const SEEDS_TO_FIND_MAX = 400

test(`loses nothing, counts nothing twice and says nothing twice in ${SEEDS} schedules`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runSeed(seed, { traceLines_max: 60 })
    if (result.violations.length > 0) expect.fail(report(seed, result))
    expect(result.sums.length).toBeGreaterThan(0)
  }
})

test(`loses nothing in ${UPGRADES} schedules while a stage gives way to its next version, which reads a topic more`, async () => {
  const inputs = new Set<string>()
  for (let seed = 1; seed <= UPGRADES; seed++) {
    const result = await runSeed(seed, { isUpgraded: true, traceLines_max: 60 })
    if (result.violations.length > 0) expect.fail(report(seed, result, { isUpgraded: true }))
    for (const topic of result.inputs) inputs.add(topic)
  }
  expect(inputs).toContain(NEXT_INPUT)
})

test(`loses nothing in ${STATICS} schedules whose processes have ids, some of them the same, and versions`, async () => {
  for (let seed = 1; seed <= STATICS; seed++) {
    const variant = { isStatic: true, isUpgraded: seed % 2 === 0 }
    const result = await runSeed(seed, { ...variant, traceLines_max: 60 })
    if (result.violations.length > 0) expect.fail(report(seed, result, variant))
    expect(result.sums.length).toBeGreaterThan(0)
  }
})

test('runs a seed the same way again, step by step', async () => {
  const [first, second, other] = [await runSeed(3), await runSeed(3), await runSeed(4)]
  expect(second.digest).toBe(first.digest)
  expect(second.steps).toBe(first.steps)
  expect(other.digest).not.toBe(first.digest)
})

test.each(Object.keys(BREAKS))('notices a runtime that %s', async (name) => {
  for (let seed = 1; seed <= SEEDS_TO_FIND_MAX; seed++) {
    const result = await runSeed(seed, { wrap: BREAKS[name] })
    if (result.violations.length === 0) continue
    expect(report(seed, result, { broken: name })).toContain(
      `npm run test:schedules -- --seed ${seed} --break '${name}'`,
    )
    return
  }
  expect.fail(`${SEEDS_TO_FIND_MAX} schedules have not noticed it`)
})
