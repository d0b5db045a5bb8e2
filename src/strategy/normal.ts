/**
 * The normal distribution and what is drawn from it. Mathematics only.
 */

/** Density of the standard normal distribution. */
export function normalPdf(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)
}

/**
 * P(X ≤ x) of the standard normal distribution; absolute error below 1e-7.
 * Source: Abramowitz and Stegun, 26.2.17.
 */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = normalPdf(x) * series
  return x > 0 ? 1 - tail : tail
}

/** One draw from the standard normal distribution. Source: G. Marsaglia's polar method. */
export function drawNormal(random: () => number): number {
  for (;;) {
    const u = 2 * random() - 1
    const v = 2 * random() - 1
    const square = u * u + v * v
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * Math.log(square)) / square)
  }
}

/** One draw from the gamma distribution with this shape and scale 1. Source: Marsaglia and Tsang 2000. */
export function drawGamma(shape: number, random: () => number): number {
  // 1 − random() is never 0, so neither is the draw.
  if (shape < 1) return drawFromOne(shape + 1, random) * (1 - random()) ** (1 / shape)
  return drawFromOne(shape, random)
}

/** For a shape of 1 and more. */
function drawFromOne(shape: number, random: () => number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = drawNormal(random)
    const root = 1 + c * x
    if (root <= 0) continue
    const cube = root * root * root
    const u = 1 - random()
    // Almost always so, and then the condition below, which takes two logarithms, holds as well.
    if (u < 1 - 0.0331 * x * x * x * x) return d * cube
    if (Math.log(u) < 0.5 * x * x + d - d * cube + d * Math.log(cube)) return d * cube
  }
}

/** One draw from the beta distribution. */
export function drawBeta(alpha: number, beta: number, random: () => number): number {
  const a = drawGamma(alpha, random)
  const b = drawGamma(beta, random)
  return a / (a + b)
}
