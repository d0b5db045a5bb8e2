/**
 * Seeded random numbers, so that a run can be repeated from its seed.
 * Must never happen here: a seed that is taken from a clock or from the machine.
 */

/**
 * Uniform numbers in [0, 1) with 32 random bits each. The same seed gives the same numbers; neighbouring
 * seeds give unrelated ones. For choices among agents, not for secrets.
 *
 * Source: sfc32 by C. Doty-Humphrey (PractRand), seeded through splitmix32; period at least 2^32.
 */
export function seeded(seed: number): () => number {
  const mix = splitmix32(seed ^ Math.floor(seed / 2 ** 32))
  let a = mix()
  let b = mix()
  let c = mix()
  let counter = 1
  const next = (): number => {
    const out = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + out
    return (out >>> 0) / 2 ** 32
  }
  // The author's advice: the first dozen outputs still show the seed.
  for (let i = 0; i < 12; i++) next()
  return next
}

/** A counter run through a strong mixer: turns any seed, also 0 or 1, into well spread state words. */
function splitmix32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return z ^ (z >>> 15)
  }
}
