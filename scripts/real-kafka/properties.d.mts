export type Node = { id: number; port: number; controllerPort: number }
type NodeOptions = { id: number; nodes: Node[]; dataDir: string }
export function brokerSettings(node: NodeOptions): Record<string, string | number | boolean>
export function renderProperties(node: NodeOptions): string
