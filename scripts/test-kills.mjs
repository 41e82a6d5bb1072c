// npm run test:kills -- [COUNT] [SEED]: kill -9 of members at work, as often as wanted; on the broker in KAFKA_BROKERS if set.
import { spawnSync } from 'node:child_process'

const [count = '100', seed = '1'] = process.argv.slice(2)
for (const number of [count, seed]) {
  if (/^[1-9]\d{0,8}$/.test(number)) continue
  process.stderr.write(`\`${number}\` is not a positive whole number; usage: npm run test:kills -- [COUNT] [SEED]\n`)
  process.exit(2)
}
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'integration', 'test/integration/acceptance/kills.test.ts'],
  {
    stdio: 'inherit',
    env: { ...process.env, HYDRAWATCH_KILLS: count, HYDRAWATCH_SEED: seed },
  },
)
process.exit(status ?? 1)
