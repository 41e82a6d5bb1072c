import { describe, expect, it } from 'vitest'
import { hydrawatch, jsonLines, scratch } from '../../helpers/cli.ts'

const files = scratch()

/** Three calls and a line that is none, as the published files have them. */
const TRACES: Readonly<Record<string, readonly [line: number, lines: readonly string[]]>> = {
  'azure-llm-2023': [
    4,
    [
      'TIMESTAMP,ContextTokens,GeneratedTokens',
      '2023-11-16 18:15:46.6805900,374,44',
      '2023-11-16 18:15:50.9951690,396,109',
      '2023-11-16 18:15:51,many,few',
      '2023-11-16 18:15:51.2225670,879,55',
    ],
  ],
  mooncake: [
    2,
    [
      '{"timestamp": 0, "input_length": 6955, "output_length": 52, "hash_ids": [0, 1, 2]}',
      '{"timestamp": "soon", "input_length": 1, "output_length": 1, "hash_ids": []}',
      '{"timestamp": 3000, "input_length": 7322, "output_length": 490, "hash_ids": [0, 14]}',
      '{"timestamp": 6000, "input_length": 7400, "output_length": 90, "hash_ids": [0, 1]}',
    ],
  ],
  'lmcache-agent': [
    3,
    [
      '{"session": "a", "timestamp": 1757000000000000, "input": "user: list the files", "output": "ls"}',
      '{"session": "a", "timestamp": 1757000060000000, "input": "<returncode>0</returncode>", "output": "done"}',
      '{"session": "a", "timestamp": 1757000061000000, "input": 7, "output": "zebrafish"}',
      '{"session": "b", "timestamp": 1757000030000000, "input": "user: run the tests", "output": "make test"}',
    ],
  ],
}

describe.each(Object.entries(TRACES))('replay --format %s', (format, [badLine, lines]) => {
  it.each(['\n', '\r\n'])('takes its calls and sets aside what is none, with ends of lines %j', async (end) => {
    const input = files.write('trace', lines.join(end))
    const argv = ['replay', input, '--format', format, '--alerts', files.path('alerts'), '--summary', '--json']
    const run = await hydrawatch([...argv, '--dead-letters', files.path('dead')])
    expect(run.status, run.err).toBe(0)
    const counts = new Map(jsonLines(run.out).map(({ stage, counter, count }) => [`${stage}/${counter}`, count]))
    expect(counts.get('fingerprints/requests')).toBe(3)
    expect(counts.get('intake/refused')).toBe(1)
    const dead = jsonLines(files.read('dead'))
    expect(dead).toMatchObject([{ source: input, line: badLine, stage: 'intake', reason: 'invalid_record' }])
    expect(files.read('dead')).not.toMatch(/zebrafish|soon|many/)
    expect(files.read('alerts')).toBe('')
  })

  it('finds no record in our own format under another name', async () => {
    const input = files.write('own', '{"type": "request", "event_id": "e"}\n')
    const run = await hydrawatch(['replay', input, '--format', format, '--alerts', '-'])
    expect(run).toMatchObject({ status: 0, out: '' })
    expect(run.err).toMatch(/1 input records could not be used; --dead-letters FILE lists them: \{"invalid_record":1\}/)
  })
})

describe('replay refuses, before it opens anything,', () => {
  const input = files.write('input', '')
  const out = files.path('never')
  const wrong = files.write('wrong.yaml', 'hops:\n  length_ms: soon\n')

  it.each([
    ['a format that there is not', ['--format', 'moonkake'], /moonkake.*(azure-llm-2023|mooncake)/],
    ['an option that there is not', ['--alert', 'x'], /unknown option '--alert' \(Did you mean --alerts\?\)/],
    [
      'a setting of the wrong type',
      ['--config', wrong],
      /hops\.length_ms is "soon" \(.*wrong\.yaml.*\); expected integer/,
    ],
    ['a configuration that is not there', ['--config', files.path('no.yaml')], /cannot read the configuration file/],
    ['standard input twice', ['-', '-'], /'-' is given twice/],
    ['a folder', [files.folder], /is a directory; name the files in it/],
  ])('%s', async (_what, more, message) => {
    const run = await hydrawatch(['replay', input, '--alerts', out, ...more])
    expect(run).toMatchObject({ status: 2, out: '' })
    expect(run.err).toMatch(message)
    expect(run.err).toMatch(/^hydrawatch: [^\n]+\n$/)
    expect(() => files.read('never')).toThrow('ENOENT')
  })
})
