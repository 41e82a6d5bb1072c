/**
 * Natural logarithm of P(X >= k) for a Poisson variable of mean `expected`. Exact to rounding far into the tail, where the
 * probability itself would underflow. `k` is a whole number, 0 or more; `expected` is positive.
 */
export function logPoissonUpperTail(k: number, expected: number): number {
  if (k <= 0) return 0
  if (k <= expected) return Math.log1p(-Math.min(lowerTail(k, expected), 1 - Number.EPSILON))
  let log_pmf = -expected
  for (let i = 1; i <= k; i++) log_pmf += Math.log(expected / i)
  // P(X >= k) = pmf(k) * (1 + m/(k+1) + m^2/((k+1)(k+2)) + ...), a series that falls faster than a geometric one.
  let sum = 1
  let term = 1
  for (let i = k + 1; term > sum * Number.EPSILON; i++) {
    term *= expected / i
    sum += term
  }
  return Math.min(0, log_pmf + Math.log(sum))
}

/** P(X < k). */
function lowerTail(k: number, expected: number): number {
  let log_pmf = -expected
  let sum = Math.exp(log_pmf)
  for (let i = 1; i < k; i++) {
    log_pmf += Math.log(expected / i)
    sum += Math.exp(log_pmf)
  }
  return sum
}
