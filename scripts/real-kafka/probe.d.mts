export function encodeMetadataRequest(): Buffer
export function brokersIn(response: Buffer): number | undefined
export function brokerAnswers(port: number): Promise<boolean>
