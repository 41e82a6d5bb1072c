import { defineConfig } from 'vitest/config'

const common = { retry: 0, testTimeout: 60_000, hookTimeout: 60_000 }

export default defineConfig({
  test: {
    projects: [
      { test: { ...common, name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        test: {
          ...common,
          name: 'simulation',
          include: ['test/simulation/**/*.test.ts'],
          // kafkajs retries at another pace when it is told that it is being tested; a seed must mean the same everywhere.
          env: { NODE_ENV: 'production' },
          // Nothing waits for a clock there, but hundreds of schedules on a busy core take their time.
          testTimeout: 300_000,
        },
      },
      {
        // Minutes, so that `npm test` leaves it out; .ci/run has a step for it.
        test: { ...common, name: 'evaluation', include: ['test/evaluation/**/*.test.ts'], testTimeout: 1_800_000 },
      },
      { test: { ...common, name: 'topology', include: ['test/topology/**/*.test.ts'] } },
      {
        test: {
          ...common,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: 'test/helpers/broker-setup.ts',
          // Brokers, consumer groups and two cores: one file at a time keeps the timing of a rebalance out of its neighbours.
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
})
