import type { ApiName } from '../../lib/embedded/protocol/api-keys.ts'
import type { Random } from '../../producers/sample/random.ts'
import type { SimulatedCluster } from './cluster.ts'
import type { Network, Passing } from './network.ts'
import type { SimulatedProcess } from './process.ts'
import type { Owner, VirtualTime } from './virtual-time.ts'

/** What happened in a schedule, by kind. */
export type Troubles = Readonly<Record<string, number>>

export interface ChaosOptions {
  readonly random: Random
  readonly time: VirtualTime
  readonly network: Network
  readonly cluster: SimulatedCluster
  readonly director: Owner
  readonly processes: () => readonly SimulatedProcess[]
  readonly start: () => void
  readonly note: (line: string) => void
  /** Within how long trouble begins; 0 for none. */
  readonly span_ms: number
}

/** Waits for a request of some kind, and strikes as it is sent. */
interface Trap {
  readonly api: ApiName
  countdown: number
  readonly strike: (passing: Passing) => void
}

const TROUBLES_MAX = 10
const TRAPS_MAX = 4
const PAUSE_MAX_MS = 8_000
const STALL_MAX_MS = 3_000
const AWAY_MAX_MS = 6_000

/** The requests at which a process or its connection fares worst. */
const TRAP_APIS: readonly ApiName[] = [
  'endTxn',
  'endTxn',
  'txnOffsetCommit',
  'addOffsetsToTxn',
  'addPartitionsToTxn',
  'produce',
  'initProducerId',
  'joinGroup',
  'syncGroup',
  'heartbeat',
  'leaveGroup',
  'listOffsets',
  'fetch',
  'findCoordinator',
  'metadata',
]

/** Decides, by its random source alone, what goes wrong in a schedule and when. */
export class Chaos {
  readonly troubles: Record<string, number> = {}
  private readonly options: ChaosOptions
  private readonly traps: Trap[] = []
  private under_way = 0

  constructor(options: ChaosOptions) {
    this.options = options
  }

  /** Nothing is broken any more, and nothing will be. */
  get isOver(): boolean {
    return this.under_way === 0
  }

  begin(): void {
    const { random, span_ms } = this.options
    if (span_ms === 0) return
    const count = 1 + random.int(TROUBLES_MAX)
    for (let i = 0; i < count; i++) this.later(random.unit() * span_ms, () => this.pick()())
    // Some are set from the start, so that joins and restores have their share.
    for (let i = random.int(TRAPS_MAX + 1); i > 0; i--)
      this.later(random.unit() * random.unit() * span_ms, () => this.setTrap())
    this.later(span_ms, () => this.traps.splice(0))
  }

  onRequest(passing: Passing): void {
    for (const trap of this.traps) {
      if (trap.api !== passing.api || !this.victim(passing.client)) continue
      trap.countdown -= 1
      if (trap.countdown > 0) continue
      this.traps.splice(this.traps.indexOf(trap), 1)
      trap.strike(passing)
      return
    }
  }

  private pick(): () => void {
    const { random } = this.options
    const kinds: (() => void)[] = [
      () => this.setTrap(),
      () => this.setTrap(),
      () => this.setTrap(),
      () => this.setTrap(),
      () => this.setTrap(),
      () => this.kill(this.someone()),
      () => this.pause(this.someone()),
      () => this.stop(this.someone()),
      () => this.separate(this.someone()),
      () => this.start(),
      () => this.start(),
      () => this.stall(),
      () => this.compact(),
      () => this.compact(),
    ]
    return random.pick(kinds)
  }

  private setTrap(): void {
    const { random } = this.options
    const api = random.pick(TRAP_APIS)
    const strike = random.pick<(passing: Passing) => void>([
      (passing) => this.lose(passing, 'request'),
      (passing) => this.lose(passing, 'answer'),
      (passing) => this.lose(passing, 'answer'),
      ({ client }) => this.kill(this.victim(client)),
      (passing) => {
        passing.lose('request')
        this.kill(this.victim(passing.client))
      },
      ({ client }) => this.pause(this.victim(client)),
      ({ client }) => this.separate(this.victim(client)),
      () => this.compact(),
    ])
    this.traps.push({ api, countdown: 1 + random.int(8), strike })
  }

  private lose(passing: Passing, what: 'request' | 'answer'): void {
    this.count(`lose ${what}`, `the ${what} of ${passing.api} of ${passing.client.name} is lost`)
    passing.lose(what)
  }

  private kill(process: SimulatedProcess | undefined): void {
    if (!process) return
    const isSilent = this.options.random.chance(0.3)
    this.count('kill', `kill ${process.owner.name}${isSilent ? ', its connections stay open' : ''}`)
    process.kill(isSilent)
    if (this.options.random.chance(0.7)) this.later(this.options.random.unit() * 3_000, () => this.options.start())
  }

  private pause(process: SimulatedProcess | undefined): void {
    if (!process) return
    const { random, time } = this.options
    const pause_ms = random.unit() * PAUSE_MAX_MS
    this.count('pause', `pause ${process.owner.name} for ${Math.round(pause_ms)} ms`)
    process.owner.state = 'paused'
    this.later(pause_ms, () => {
      if (process.owner.state !== 'paused') return
      this.options.note(`resume ${process.owner.name}`)
      time.resume(process.owner)
    })
  }

  private stop(process: SimulatedProcess | undefined): void {
    if (!process) return
    this.count('stop', `stop ${process.owner.name}`)
    process.stop()
    this.later(this.options.random.unit() * 2_000, () => this.options.start())
  }

  private separate(process: SimulatedProcess | undefined): void {
    if (!process) return
    const away_ms = this.options.random.unit() * AWAY_MAX_MS
    this.count('separate', `${process.owner.name} can not reach the broker for ${Math.round(away_ms)} ms`)
    const rejoin = this.options.network.separate(process.owner)
    this.later(away_ms, () => {
      this.options.note(`${process.owner.name} can reach the broker again`)
      rejoin()
    })
  }

  private start(): void {
    this.count('start', 'another process')
    this.options.start()
  }

  private stall(): void {
    const { cluster, time, random } = this.options
    const stall_ms = random.unit() * STALL_MAX_MS
    this.count('stall', `the broker stands still for ${Math.round(stall_ms)} ms`)
    cluster.owner.state = 'paused'
    this.later(stall_ms, () => time.resume(cluster.owner))
  }

  private compact(): void {
    this.count('compact', `compaction removes ${this.options.cluster.compact()} records`)
  }

  private someone(): SimulatedProcess | undefined {
    const up = this.options.processes().filter(({ isUp }) => isUp)
    return up.length > 0 ? this.options.random.pick(up) : undefined
  }

  private victim(client: Owner): SimulatedProcess | undefined {
    return this.options.processes().find(({ owner, isUp }) => isUp && owner === client)
  }

  private count(kind: string, line: string): void {
    this.troubles[kind] = (this.troubles[kind] ?? 0) + 1
    this.options.note(`! ${line}`)
  }

  private later(delay_ms: number, action: () => void): void {
    const { time, director } = this.options
    this.under_way += 1
    time.schedule(director, delay_ms, () => {
      this.under_way -= 1
      action()
    })
  }
}
