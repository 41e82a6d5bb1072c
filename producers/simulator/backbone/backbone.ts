import type { Stage } from '../stage.ts'

/** Ordinary customers: people who chat, programs that call, agents that work. */
export function backbone(_stage: Stage, _size: { readonly accounts: number; readonly rate: number }): void {}
