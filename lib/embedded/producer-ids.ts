/** Hands out producer ids, each once in the life of the broker. */
export class ProducerIds {
  #next = 1000

  allocate(): number {
    const id = this.#next
    this.#next += 1
    return id
  }
}
