import { createRequestSketcher, type RequestContent } from '../../lib/sketch/request-sketch.ts'

const WRAPPER =
  'Before answering, think step by step and write your internal reasoning inside <think> tags, then give only the final answer in JSON.\n'

/** Prose of the kind that people paste: names, numbers, quotations, links, an odd piece of code. */
const PROSE = [
  'The ferry to the northern islands left at 7:45 in the morning, twenty minutes late, with 212 passengers on board.',
  'Most of them were returning from the market, where the price of smoked fish had risen by 3.5% since the spring.',
  'According to the harbour master, "nobody remembers a June with this much fog", and the archive agrees with her.',
  'We compared the ledgers of 1911 and 1924 and found that the company had insured the same vessel twice.',
  'See https://example.org/harbour/archive?id=4471 for the scans, and the note on page 12 about the missing crates.',
  "It isn't clear who signed the second policy; the handwriting doesn't match the clerk's other entries.",
  'The committee met again on 2024-03-18, approved the minutes, and asked the treasurer for a list of open invoices.',
  'Rain fell for most of the afternoon, the lower road was closed, and the bus went around by the old quarry.',
  'The rows were joined on `vessel_id` and sorted by date before anything was counted.',
  'In the end the insurers paid for one of the two losses, which was still more than the ship had cost to build.',
]

/** About `size_bytes` of prose in paragraphs with the wrapper in the middle, after a short system prompt. */
function createContent(size_bytes: number, serial: number): RequestContent {
  const system = 'You are a careful research assistant. Answer from the text alone and say so when it is silent.'
  const half_bytes = (size_bytes - system.length - WRAPPER.length) / 2
  const text = `${createProse(half_bytes, serial)}\n${WRAPPER}${createProse(half_bytes, serial + 5)}`
  return { system, messages: [{ role: 'user', content: text }] }
}

function createProse(size_bytes: number, serial: number): string {
  let text = ''
  for (let i = serial; text.length < size_bytes; i++) text += `${PROSE[i % PROSE.length]}${i % 5 === 4 ? '\n\n' : ' '}`
  return text.slice(0, size_bytes)
}

/**
 * Microseconds of processor time per call at 1, 8 and 48 KB: the median of rounds after a warm-up on all sizes.
 * Processor time, not wall time, so that a busy machine does not change the result much.
 */
export async function run(): Promise<Array<{ name: string; value: number; unit: string }>> {
  const sketch = createRequestSketcher({
    content: { epoch: 1, secret: Buffer.alloc(32, 1) },
    infrastructure: { secret: Buffer.alloc(32, 2) },
  })
  const params = { temperature: 0.7, max_tokens: 1024 }
  const cases = [1, 8, 48].map((size_kb) => ({
    size_kb,
    contents: Array.from({ length: 16 }, (_, serial) => createContent(size_kb * 1024, serial)),
    rounds_us: [] as number[],
  }))
  for (let round = 0; round < 60; round++) {
    for (const { contents, size_kb, rounds_us } of cases) {
      const calls = Math.max(contents.length, Math.floor(2048 / size_kb))
      const start = process.cpuUsage()
      for (let i = 0; i < calls; i++) sketch(contents[i % contents.length]!, params)
      const { user, system } = process.cpuUsage(start)
      if (round >= 20) rounds_us.push((user + system) / calls)
    }
  }
  return cases.map(({ size_kb, rounds_us }) => ({
    name: `edge sketch ${size_kb} KB`,
    value: median(rounds_us),
    unit: 'us',
  }))
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
