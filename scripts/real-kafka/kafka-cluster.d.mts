import type { Node } from './properties.mjs'
export function nodesOf(port: number, brokers: number): Node[]
