import { expect, test } from 'vitest'
import { PartitionEnds, type TopicEnds } from '../../../lib/kafka/partition-ends.ts'

function answering() {
  const answers: ((high: number | Error) => void)[] = []
  const ends = new PartitionEnds(
    () =>
      new Promise<TopicEnds>((resolve, reject) => {
        answers.push((high) => (high instanceof Error ? reject(high) : resolve(new Map([[0, { low: 0, high }]]))))
      }),
  )
  const high = async (question: Promise<TopicEnds>) => (await question).get(0)?.high
  return { ends, answers, high }
}

test('questions that come during a fetch share the next one, which begins after them', async () => {
  const { ends, answers, high } = answering()
  const first = high(ends.now('t'))
  const second = high(ends.now('t'))
  const third = high(ends.now('t'))
  expect(answers).toHaveLength(1)
  answers[0]!(10)
  expect(await first).toBe(10)
  await Promise.resolve()
  expect(answers).toHaveLength(2)
  const fourth = high(ends.now('t'))
  answers[1]!(20)
  expect(await Promise.all([second, third])).toEqual([20, 20])
  await Promise.resolve()
  answers[2]!(30)
  expect(await fourth).toBe(30)
  expect(answers).toHaveLength(3)
})

test('a fetch that fails is asked again by whoever comes next', async () => {
  const { ends, answers, high } = answering()
  const first = high(ends.now('t'))
  const second = high(ends.now('t'))
  answers[0]!(new Error('away'))
  await expect(first).rejects.toThrow('away')
  answers[1]!(5)
  expect(await second).toBe(5)
})

test('topics do not wait for each other', () => {
  const { ends, answers } = answering()
  void ends.now('a')
  void ends.now('b')
  expect(answers).toHaveLength(2)
})
