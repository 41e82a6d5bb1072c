import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Child<Line> {
  /** The next line, null when there is none: it has ended. Rejects when it failed. */
  line(): Promise<Line | null>
  /** Asks it to end. */
  terminate(): void
}

/** Starts a file of this folder in a process of its own, so that what it measures is its own. It prints lines of JSON. */
export function startChild<Line>(
  file: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): Child<Line> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(process.execPath, [...nodeOptions, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async line() {
      const { value, done } = await lines.next()
      if (!done) return JSON.parse(value)
      const [code] = await exit
      if (code !== 0) throw new Error(`${file} ended with ${code}`)
      return null
    },
    terminate: () => void child.kill('SIGTERM'),
  }
}

/** Prints a line for whoever has started this process. */
export function sayLine<Line>(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Runs a file to its end and gives all lines that it printed. */
export async function runChild<Line>(file: string, args: readonly string[], nodeOptions: readonly string[] = []) {
  const child = startChild<Line>(file, args, nodeOptions)
  const lines: Line[] = []
  for (let line = await child.line(); line !== null; line = await child.line()) lines.push(line)
  return lines
}
