/** Sets of names that hang together. */
export class UnionFind {
  private readonly parents = new Map<string, string>()

  join(a: string, b: string): void {
    this.parents.set(this.root(a), this.root(b))
  }

  /** Of names that were joined, in the order in which each was first seen. */
  components(): string[][] {
    const components = new Map<string, string[]>()
    for (const name of this.parents.keys()) {
      const root = this.root(name)
      const own = components.get(root)
      if (own) own.push(name)
      else components.set(root, [name])
    }
    return [...components.values()]
  }

  private root(name: string): string {
    let root = name
    for (let parent = this.parents.get(root); parent !== undefined && parent !== root; parent = this.parents.get(root))
      root = parent
    // Paths are cut short, so that they stay short.
    for (let at = name; at !== root; ) {
      const next = this.parents.get(at) ?? root
      this.parents.set(at, root)
      at = next
    }
    if (!this.parents.has(root)) this.parents.set(root, root)
    return root
  }
}
