/** Says on standard error what is being measured. */
export function note(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}
