import type { Socket } from 'node:net'
import { unsupportedApiVersions } from './apis/api-versions.ts'
import { HANDLERS } from './apis/index.ts'
import { MalformedRequest } from './errors.ts'
import type { Gate } from './gate.ts'
import { API_VERSIONS, apiNameOf } from './protocol/api-keys.ts'
import { FrameSplitter } from './protocol/framing.ts'
import { Reader } from './protocol/reader.ts'
import { Writer } from './protocol/writer.ts'
import type { BrokerState, Outcome, RequestContext } from './request.ts'

// Requests of one connection are answered one after the other, as the protocol demands. Beyond this many in waiting
// the socket is not read, so that a client cannot fill our memory by asking without listening.
const REQUESTS_QUEUED_MAX = 16
/** `connections.max.idle.ms` of Kafka. */
const IDLE_MAX_MS = 10 * 60 * 1000

export interface ConnectionOptions {
  readonly broker: BrokerState
  /** Shut while the broker is frozen: requests wait in front of it, and so do answers. */
  readonly gate: Gate
  readonly advertised: { readonly host: string; readonly port: number }
  /** Told why a connection was closed by us: bytes that are no request, or a fault of our own. */
  readonly onClosed: (reason: Error) => void
}

/** Serves one client until it leaves or sends something that is not a request: that costs it its connection, no more. */
export function serveConnection(socket: Socket, options: ConnectionOptions): void {
  const frames = new FrameSplitter()
  const queue: Buffer[] = []
  const gone = new AbortController()
  let isAnswering = false

  const hangUp = (reason: unknown) => {
    options.onClosed(reason instanceof Error ? reason : new Error(String(reason)))
    socket.destroy()
  }

  const answerAll = async () => {
    isAnswering = true
    for (let frame = queue.shift(); frame !== undefined && !gone.signal.aborted; frame = queue.shift()) {
      if (queue.length < REQUESTS_QUEUED_MAX) socket.resume()
      await answer(frame)
    }
    isAnswering = false
  }

  const answer = async (frame: Buffer) => {
    await options.gate.pass()
    const reader = new Reader(frame)
    const response = new Writer()
    const apiKey = reader.int16()
    const version = reader.int16()
    const correlationId = reader.int32()
    const api = apiNameOf(apiKey)
    if (api === 'apiVersions' && version > API_VERSIONS.apiVersions.max) {
      await send(socket, unsupportedApiVersions().frame(correlationId), gone.signal)
      return
    }
    if (api === undefined || version < API_VERSIONS[api].min || version > API_VERSIONS[api].max) {
      throw new MalformedRequest(`api ${apiKey} version ${version} is not offered`)
    }
    const context: RequestContext = {
      broker: options.broker,
      clientId: reader.nullableString() ?? '',
      clientHost: `/${socket.remoteAddress ?? ''}`,
      advertised: options.advertised,
      signal: gone.signal,
    }
    const outcome: Outcome = await HANDLERS[api](reader, response, version, context)
    await options.gate.pass()
    if (outcome === 'hang-up') throw new MalformedRequest(`${api} failed and asked for no answer`)
    if (outcome === 'respond') await send(socket, response.frame(correlationId), gone.signal)
  }

  socket.setNoDelay(true)
  socket.setTimeout(IDLE_MAX_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('close', () => gone.abort())
  socket.on('data', (piece) => {
    try {
      queue.push(...frames.push(piece))
    } catch (error) {
      hangUp(error)
      return
    }
    if (queue.length >= REQUESTS_QUEUED_MAX) socket.pause()
    if (!isAnswering) answerAll().catch(hangUp)
  })
}

/** Writes all buffers in one go; resolves when the socket can take more, or is gone. */
async function send(socket: Socket, buffers: readonly Buffer[], gone: AbortSignal): Promise<void> {
  if (gone.aborted) return
  socket.cork()
  let hasRoom = true
  for (const buffer of buffers) hasRoom = socket.write(buffer)
  socket.uncork()
  if (hasRoom) return
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
