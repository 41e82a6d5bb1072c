import { afterEach, expect, test } from 'vitest'
import { finish, Harness, publishRequests, readSums, requestsOf } from './harness.ts'
import { sumFaults } from './sum-faults.ts'
import { countingStage, expectedSums, summingStage } from './toy.ts'

const harness = new Harness()
afterEach(() => harness.close())

test('a wrong sum is told in few lines: which hop, whose counts, and what lies on the topics in which transaction', async () => {
  const cluster = await harness.cluster(2)
  const sum = await harness.start(cluster, summingStage, 2)
  await harness.start(cluster, countingStage(), 2)
  const publisher = await harness.publisher(cluster, 2)
  const requests = requestsOf(1_000, 1_000)
  await publishRequests(publisher, requests)
  await finish(publisher, sum, 1_004)

  const [sums, tooMuch] = [await readSums(cluster, 1_004), requestsOf(1_002, 1)[0]!]
  const others = requests.filter(({ account_id, end_time_ms }) => {
    return account_id !== tooMuch.account_id || Math.floor(end_time_ms / 1_000) !== 1_002
  })
  const lines = (await sumFaults(cluster, { sums, expected: expectedSums(others), requests: others })).split('\n')
  const at = (what: RegExp) => lines.filter((line) => what.test(line))
  expect(
    at(/^hop 1002: said 1 times, the total is off by \d+, 1 \(account-\w+ \d+ of \d+\) more, none fewer/),
  ).toHaveLength(1)
  expect(at(/^requests on the topic: 1000 of \d+, missing 0, repeated 0/)).toHaveLength(1)
  expect(at(/^hop 1002 of task [01] on outcomes: 0: \d+-\d+ \d+:\d+ committed read; 1: \d+-\d+/)).toHaveLength(2)
  expect(at(/^positions of task [01]: .*committed hop 100[123]/)).not.toEqual([])
  expect(lines.length).toBeLessThan(30)
})
