/** The part of jstat that is used; the package has no types of its own. */
declare module 'jstat' {
  const library: {
    readonly jStat: {
      readonly beta: { inv(probability: number, alpha: number, beta: number): number }
      readonly chisquare: { inv(probability: number, freedom: number): number }
    }
  }
  export default library
}
