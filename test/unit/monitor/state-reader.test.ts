import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { JSON_TYPE, type Page, type PageServer, servePages } from '../../../lib/monitor/http-pages.ts'
import { stageView } from '../../../lib/monitor/stage-view.ts'
import { statePage } from '../../../lib/monitor/state-page.ts'
import { lookAtProcesses } from '../../../lib/monitor/state-reader.ts'
import { listen } from '../../../lib/ops/listening.ts'
import { counters, NOW_MS, status, task } from './stages.ts'

const DUE_MS = 105_000
const RESTORE = { records: 31, bytes: 5_200_000, accounts: 1_204, remaining: 35 }
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function serve(body: unknown, page: Partial<Page> = {}): Promise<string> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const server: PageServer = await servePages(
    { what: 'a process', host: '127.0.0.1', port: 0 },
    { '/statez': async () => ({ status: 200, contentType: JSON_TYPE, body: text, ...page }) },
  )
  closers.push(() => server.close())
  return `127.0.0.1:${server.port}`
}

function stateOf(...tasks: ReturnType<typeof task>[]) {
  return statePage([stageView(status({ tasks }), counters(), NOW_MS, DUE_MS)], NOW_MS)
}

test('what /statez says of tasks is read back, restores with their progress', async () => {
  const address = await serve(
    stateOf(
      task({ task: 0, state: 'restoring', restore: RESTORE }),
      task({ task: 1, state: 'restoring', restore: { ...RESTORE, accounts: null } }),
      task({ task: 2 }),
    ),
  )
  const groupId = 'hydrawatch.fingerprints'
  expect(await lookAtProcesses([address])).toEqual([
    {
      process: address,
      problem: null,
      tasks: [
        { groupId, task: 0, state: 'restoring', restore: RESTORE },
        { groupId, task: 1, state: 'restoring', restore: { ...RESTORE, accounts: null } },
        { groupId, task: 2, state: 'running', restore: null },
      ],
    },
  ])
})

test('who does not answer, or not with tasks, is told and hides nobody', async () => {
  const good = await serve(stateOf(task()))
  const gone = await serve('')
  await closers.pop()?.()
  const broken = await serve('', { status: 503 })
  const moved = await serve('', { status: 302 })
  const noJson = await serve('<html>')
  const other = await serve({ stages: [{ stage: 'fingerprints' }] })
  const looks = await lookAtProcesses([gone, broken, moved, noJson, other, good])
  expect(looks.map(({ process, problem }) => [process, problem])).toEqual([
    [gone, 'can not be reached (ECONNREFUSED)'],
    [broken, 'answers /statez with 503'],
    [moved, 'answers /statez with 302'],
    [noJson, 'answers /statez with something else than our tasks'],
    [other, 'answers /statez with something else than our tasks'],
    [good, null],
  ])
  expect(looks.map(({ tasks }) => tasks.length)).toEqual([0, 0, 0, 0, 0, 1])
})

test('who takes the question and says nothing, or stops in the middle, is not waited for', async () => {
  const silent = createServer((request, response) => {
    if (request.headers.host?.startsWith('localhost')) return
    response.writeHead(200)
    response.write('{"stages":[')
  })
  const port = await listen(silent, 'a process', '127.0.0.1', 0)
  closers.push(async () => {
    silent.closeAllConnections()
    silent.close()
  })
  const looks = await lookAtProcesses([`127.0.0.1:${port}`, `localhost:${port}`], { answer_max_ms: 50 })
  expect(looks.map(({ problem }) => problem)).toEqual([
    'has not answered within 0.05 s',
    'has not answered within 0.05 s',
  ])
})

test('a name that stands for several processes is asked at each of them, and one that stands for none is told', async () => {
  const port = (await serve(stateOf(task()))).split(':')[1]
  const addressesOf = async (host: string) => {
    if (host !== 'fingerprints') throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    return [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
      { address: '::1', family: 6 },
    ]
  }
  const looks = await lookAtProcesses([`fingerprints:${port}`, `linkage:${port}`], { addressesOf })
  expect(looks.map(({ process, tasks }) => [process, tasks.length])).toEqual([
    [`fingerprints:${port} (127.0.0.1)`, 1],
    [`fingerprints:${port} (127.0.0.2)`, 0],
    [`linkage:${port}`, 0],
  ])
  expect(looks.map(({ problem }) => problem)).toEqual([
    null,
    expect.stringContaining('can not be reached'),
    'can not be reached (ENOTFOUND)',
  ])
})
