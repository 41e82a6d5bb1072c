import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../ops/listening.ts'

export interface Page {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface PageServer {
  readonly port: number
  close(): Promise<void>
}

export const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'
const REQUEST_TIMEOUT_MS = 10_000

/**
 * Serves pages for GET and HEAD. Plain node:http: four routes without parameters or bodies need no framework. Rejects with
 * PortInUse or CanNotListen.
 */
export async function servePages(
  options: { readonly what: string; readonly host: string; readonly port: number },
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<PageServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(request, pages).then(
      (page) => send(request, response, page),
      () => send(request, response, { status: 500, contentType: TEXT_TYPE, body: 'this page could not be made\n' }),
    )
  })
  const port = await listen(server, options.what, options.host, options.port)
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  pages: Readonly<Record<string, () => Promise<Page>>>,
): Promise<Page> {
  const path = url.split('?', 1)[0] ?? '/'
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  if (!page) return { status: 404, contentType: TEXT_TYPE, body: `there are ${Object.keys(pages).join(', ')}\n` }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, contentType: TEXT_TYPE, body: 'GET only\n' }
  return page()
}

function send({ method }: IncomingMessage, response: ServerResponse, { status, contentType, body }: Page): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  })
  response.end(method === 'HEAD' ? undefined : body)
}
