import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen } from '../ops/listening.ts'
import { Gate } from './gate.ts'
import { EMBEDDED_NOTICE } from './notice.ts'
import { bodyTooLarge, malformedRequest, RegistryError } from './registry/registry-error.ts'
import { answer, type RegistryRequest } from './registry/routes.ts'
import { SubjectStore } from './registry/subjects.ts'
import type { Tables } from './storage/tables.ts'

export interface EmbeddedRegistryOptions {
  /** @default '127.0.0.1' */
  readonly host?: string
  /** 0 takes any free port. @default 0 */
  readonly port?: number
  /** A registry that is started on the tables of a stopped one goes on where that left off. @default memory of its own */
  readonly tables?: Tables
  /** Gets one line at the start and one per fault of our own. @default none */
  readonly log?: (line: string) => void
}

export interface EmbeddedRegistry {
  /** `http://host:port`, as `SCHEMA_REGISTRY_URL` wants it. */
  readonly url: string
  readonly port: number
  /** Takes requests and answers none until `thaw()`, as a process that was sent SIGSTOP. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'
// Our largest schema has 9 kB. A request beyond this is a mistake.
const BODY_BYTES_MAX = 1024 * 1024
const REQUEST_TIMEOUT_MS = 30_000

/**
 * Starts a schema registry inside this process, compatible with Confluent's for Avro: subjects, versions, ids from 1,
 * compatibility. In memory unless it is given other tables; for one machine and for tests. Rejects with PortInUse (E_PORT_IN_USE).
 */
export async function startEmbeddedRegistry(options: EmbeddedRegistryOptions = {}): Promise<EmbeddedRegistry> {
  const { host = '127.0.0.1', log = () => undefined } = options
  const subjects = new SubjectStore(options.tables)
  const gate = new Gate()
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    gate
      .pass()
      .then(() => serve(subjects, request))
      .then((body) => send(response, 200, body))
      .catch((error: unknown) => {
        if (error instanceof RegistryError) {
          send(response, error.status, { error_code: error.errorCode, message: error.message })
          return
        }
        log(`embedded schema registry failed: ${error instanceof Error ? error.stack : String(error)}`)
        send(response, 500, { error_code: 50001, message: 'Error in the backend data store' })
      })
  })
  const port = await listen(server, 'the embedded schema registry', host, options.port ?? 0)
  const url = `http://${host}:${port}`
  log(`embedded schema registry on ${url} (${EMBEDDED_NOTICE})`)
  return {
    url,
    port,
    freeze: () => gate.shut(),
    thaw: () => gate.open(),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function serve(subjects: SubjectStore, request: IncomingMessage): Promise<unknown> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const parsed: RegistryRequest = {
    method: request.method ?? 'GET',
    path: decodePath(path),
    query: new URLSearchParams(query),
    body: parseBody(await readBody(request)),
  }
  return answer(subjects, parsed)
}

function decodePath(path: string): string[] {
  try {
    return path.replace(/^\//, '').replace(/\/$/, '').split('/').map(decodeURIComponent)
  } catch {
    throw malformedRequest('the path does not decode')
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let size_bytes = 0
  // Leaving the loop must not destroy the socket: the client is owed its 413.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    const bytes: Buffer = piece
    size_bytes += bytes.length
    if (size_bytes > BODY_BYTES_MAX) throw bodyTooLarge(BODY_BYTES_MAX)
    pieces.push(bytes)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function parseBody(text: string): Record<string, unknown> {
  if (text === '') return {}
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw malformedRequest('the body is not JSON')
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw malformedRequest('the body is not a JSON object')
  }
  return Object.fromEntries(Object.entries(body))
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return
  response.writeHead(status, { 'content-type': CONTENT_TYPE, ...(status === 413 && { connection: 'close' }) })
  response.end(JSON.stringify(body))
}
