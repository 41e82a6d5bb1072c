export function renderProperties(node: { port: number; dataDir: string }): string
