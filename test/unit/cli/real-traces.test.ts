import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'

const DATA = '../shared/data'
const TRACES = [
  ['lmcache-agent', ['lmcache_agent/miniswe.jsonl.gz', 'lmcache_agent/magagent.jsonl.gz'], 1_148],
  ['mooncake', ['mooncake/conversation_trace.jsonl'], 12_031],
  [
    'azure-llm-2023',
    ['azure_llm_2023/AzureLLMInferenceTrace_code.csv', 'azure_llm_2023/AzureLLMInferenceTrace_conv.csv'],
    28_185,
  ],
] as const

const isThere = existsSync(DATA)
if (!isThere)
  process.stderr.write('real traces: skipped, the folder with the reference data is not beside the project\n')

describe.skipIf(!isThere)('replay over real traces', () => {
  it.each(TRACES)('takes every record of %s and accuses nobody', async (format, names, requests) => {
    const files = scratch()
    const run = await hydrawatch([
      'replay',
      ...names.map((name) => `${DATA}/${name}`),
      '--format',
      format,
      '--alerts',
      files.path('alerts.ndjson'),
      '--summary',
      '--json',
    ])
    expect(run.status).toBe(0)
    const counts = new Map(jsonLines(run.out).map(({ stage, counter, count }) => [`${stage}/${counter}`, count]))
    expect(counts.get('fingerprints/requests')).toBe(requests)
    expect(counts.get('intake/refused')).toBe(0)
    const accused = jsonLines(files.read('alerts.ndjson')).flatMap(({ accounts }) => accounts)
    expect(accused).toEqual([])
  })
})
