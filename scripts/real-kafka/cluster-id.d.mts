export function clusterId(randomBytes: (size_bytes: number) => Buffer): string
