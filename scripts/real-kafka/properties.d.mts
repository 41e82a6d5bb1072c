export type Node = { id: number; port: number; controllerPort: number }
export function renderProperties(node: { id: number; nodes: Node[]; dataDir: string }): string
