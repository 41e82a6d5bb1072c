import { Socket } from 'node:net'
import type { ISocketFactory } from 'kafkajs'
import { type ApiName, apiNameOf } from '../../lib/embedded/protocol/api-keys.ts'
import type { Random } from '../../producers/sample/random.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

/** A request on its way from a process to the broker. */
export interface Passing {
  readonly api: ApiName
  readonly client: Owner
  /** Breaks the connection it travels on, with what is under way on it: before it arrives, or before its answer does. */
  lose(what: 'request' | 'answer'): void
}

export interface NetworkOptions {
  readonly time: VirtualTime
  readonly random: Random
  readonly broker: Owner
  /** The broker takes its end of a new connection. */
  readonly accept: (socket: Socket) => void
  /** Sees each request as it is sent. */
  readonly onRequest: (passing: Passing) => void
  readonly note: (line: string) => void
}

const LATENCY_MS = 2
// Large answers come in pieces; small ones here, so that some break off in the middle.
const PIECES_CHANCE = 0.1
const SLOW_CHANCE = 0.03
const SLOW_MS = 150
const API_KEY_AT = 4

/** Connections between processes and the broker: bytes arrive late, in order, or not at all. */
export class Network {
  private readonly options: NetworkOptions
  private readonly open = new Map<SimulatedSocket, SimulatedSocket>()
  /** Processes that can not reach the broker. */
  private readonly cutOff = new Set<Owner>()

  constructor(options: NetworkOptions) {
    this.options = options
  }

  /** For kafkajs, in the process that it belongs to. */
  socketFactory(client: Owner): ISocketFactory {
    return ({ onConnect }) => {
      const { time, broker, accept, onRequest, note } = this.options
      const socket = new SimulatedSocket(this, client)
      time.schedule(client, this.latency_ms(), () => {
        if (socket.isGone) return
        if (this.cutOff.has(client)) {
          socket.lose('connect ECONNREFUSED')
          return
        }
        const far = new SimulatedSocket(this, broker)
        socket.peer = far
        far.peer = socket
        this.open.set(socket, far)
        socket.onWrite = (bytes) => {
          const api = apiNameOf(bytes.readInt16BE(API_KEY_AT))
          if (!api) throw new RangeError('a request that is not at the beginning of a write')
          note(`${client.name} > ${api}`)
          onRequest({ api, client, lose: (what) => this.loseAt(socket, what) })
        }
        time.schedule(broker, DELIVERED_AT_ONCE, () => accept(far))
        onConnect()
      })
      return socket
    }
  }

  latency_ms(): number {
    const { random } = this.options
    return random.chance(SLOW_CHANCE) ? random.unit() * SLOW_MS : random.unit() * LATENCY_MS
  }

  /** Cuts what is written as a network may. */
  pieces(bytes: Buffer): Buffer[] {
    const { random } = this.options
    if (bytes.length < 2 || !random.chance(PIECES_CHANCE)) return [bytes]
    const at = 1 + random.int(bytes.length - 1)
    return [bytes.subarray(0, at), bytes.subarray(at)]
  }

  /** Brings what a socket writes to its peer, in order. */
  carry(from: SimulatedSocket, action: (peer: SimulatedSocket) => void): void {
    const { peer } = from
    if (!peer) return
    const { time } = this.options
    from.lastArrival_ms = Math.max(from.lastArrival_ms, time.now_ms + this.latency_ms())
    time.schedule(peer.owner, from.lastArrival_ms - time.now_ms, () => {
      if (!from.isBroken && !peer.isGone) action(peer)
    })
  }

  closed(socket: SimulatedSocket): void {
    this.open.delete(socket)
    if (socket.peer) this.open.delete(socket.peer)
  }

  connectionsOf(client: Owner): SimulatedSocket[] {
    return [...this.open.keys()].filter(({ owner }) => owner === client)
  }

  /** Breaks a connection: what is under way on it, either way, never arrives; both ends notice in a while. */
  cut(socket: SimulatedSocket): void {
    const { time, broker } = this.options
    const far = this.open.get(socket)
    if (!far || socket.isBroken) return
    socket.isBroken = true
    far.isBroken = true
    this.closed(socket)
    time.schedule(socket.owner, this.latency_ms(), () => socket.lose('read ECONNRESET'))
    time.schedule(broker, this.latency_ms(), () => far.destroy())
  }

  /** A process is gone: its connections are closed by its machine, or nobody ever hears of it again. */
  abandon(client: Owner, isSilent: boolean): void {
    for (const socket of this.connectionsOf(client)) {
      const far = this.open.get(socket)
      this.closed(socket)
      if (far && !isSilent) this.carry(socket, () => far.destroy())
    }
  }

  /** Between a process and the broker there is nothing until the returned function is called. */
  separate(client: Owner): () => void {
    this.cutOff.add(client)
    for (const socket of this.connectionsOf(client)) this.cut(socket)
    return () => this.cutOff.delete(client)
  }

  private loseAt(socket: SimulatedSocket, what: 'request' | 'answer'): void {
    if (what === 'request') {
      this.cut(socket)
      return
    }
    // What the broker writes from here on is lost; that it writes shows that it has done what was asked.
    const far = this.open.get(socket)
    if (!far) return
    far.onWrite = () => this.cut(socket)
  }
}

const DELIVERED_AT_ONCE = 0

/** One end of a connection. Of a socket it has what kafkajs and the broker use. */
export class SimulatedSocket extends Socket {
  readonly owner: Owner
  peer: SimulatedSocket | null = null
  /** Nothing that this end has written arrives any more. */
  isBroken = false
  isGone = false
  lastArrival_ms = 0
  onWrite: (bytes: Buffer) => void = () => undefined
  private readonly network: Network
  private corked: Buffer[] | null = null

  constructor(network: Network, owner: Owner) {
    super()
    this.network = network
    this.owner = owner
  }

  override write(data: Uint8Array | string): boolean {
    if (this.isGone || this.owner.state === 'dead') return false
    const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data)
    if (this.corked) {
      this.corked.push(bytes)
      return true
    }
    for (const piece of this.network.pieces(bytes)) this.network.carry(this, (peer) => peer.emit('data', piece))
    this.onWrite(bytes)
    return true
  }

  override end(): this {
    return this.destroy()
  }

  override destroy(): this {
    if (this.isGone) return this
    this.isGone = true
    this.network.carry(this, (peer) => {
      peer.isGone = true
      peer.emit('end')
      peer.emit('close')
    })
    this.network.closed(this)
    this.emit('close')
    return this
  }

  /** The connection turns out to be broken, or was never there. */
  lose(message: string): void {
    if (this.isGone) return
    this.isGone = true
    this.emit('error', Object.assign(new Error(message), { code: message.split(' ')[1] }))
    this.emit('close')
  }

  override cork(): void {
    this.corked = []
  }

  override uncork(): void {
    const pieces = this.corked ?? []
    this.corked = null
    if (pieces.length > 0) this.write(Buffer.concat(pieces))
  }

  override pause(): this {
    return this
  }

  override resume(): this {
    return this
  }

  override ref(): this {
    return this
  }

  override unref(): this {
    return this
  }

  override setTimeout(): this {
    return this
  }

  override setNoDelay(): this {
    return this
  }

  override setKeepAlive(): this {
    return this
  }
}
