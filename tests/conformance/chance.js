// Chance that is the same for the same seed, everywhere.

export class Chance {
  constructor(seed) {
    this.state = seed >>> 0
  }

  /** From 0 up to 1. */
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  is(probability) {
    return this.next() < probability
  }

  below(end) {
    return Math.floor(this.next() * end)
  }

  pick(list) {
    return list[this.below(list.length)]
  }
}
