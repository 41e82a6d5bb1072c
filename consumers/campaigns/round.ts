/** Six decimals: more than the evidence carries, few enough to read. */
export function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}
