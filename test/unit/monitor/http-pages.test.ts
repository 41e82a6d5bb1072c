import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { type PageServer, servePages } from '../../../lib/monitor/http-pages.ts'
import { CanNotListen, PortInUse } from '../../../lib/ops/listening.ts'

const HERE = { what: 'the metrics endpoint', host: '127.0.0.1', port: 0 }
const PAGES = {
  '/one': async () => ({ status: 200, contentType: 'text/plain', body: 'first\n' }),
  '/broken': async () => Promise.reject(new Error('secret detail')),
}
let server: PageServer | null = null
afterEach(async () => {
  await server?.close()
  server = null
})

async function fetchPage(path: string, method = 'GET') {
  server ??= await servePages(HERE, PAGES)
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method })
  return { status: response.status, body: await response.text(), allow: response.headers.get('allow') }
}

test('a page is served by its path, whatever the query, and without a body for HEAD', async () => {
  expect(await fetchPage('/one?x=1')).toMatchObject({ status: 200, body: 'first\n' })
  expect(await fetchPage('/one', 'HEAD')).toMatchObject({ status: 200, body: '' })
})

test('what is not there is told with what is, and nothing is taken', async () => {
  for (const path of ['/', '/two', '/__proto__', '/toString']) {
    expect(await fetchPage(path)).toMatchObject({ status: 404, body: 'there are /one, /broken\n' })
  }
  expect(await fetchPage('/one', 'POST')).toMatchObject({ status: 405, allow: 'GET, HEAD' })
})

test('a page that can not be made says so, and not why', async () => {
  expect(await fetchPage('/broken')).toMatchObject({ status: 500, body: 'this page could not be made\n' })
})

test('a port that is taken, and an address that is not ours, are errors that name them', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  try {
    const refused = servePages({ ...HERE, port }, PAGES)
    await expect(refused).rejects.toThrow(PortInUse)
    await expect(refused).rejects.toThrow(`the metrics endpoint cannot listen on 127.0.0.1:${port}`)
    await expect(servePages({ ...HERE, host: '192.0.2.1' }, PAGES)).rejects.toThrow(CanNotListen)
  } finally {
    taken.close()
  }
})
