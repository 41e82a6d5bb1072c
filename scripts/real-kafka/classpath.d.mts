export function resolveClasspath(dir: string, progress: (line: string) => void): string
export function kafkaVersion(classpath: string): string
export function findJava(): string
export function javaMajor(output: string): number | undefined
