export function encodeMetadataRequest(): Buffer
export function brokerIdsIn(response: Buffer): number[] | undefined
export function liveBrokers(port: number): Promise<number[]>
