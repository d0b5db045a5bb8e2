import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawBeta, drawGamma, drawNormal, normalCdf } from '../../src/strategy/normal.ts'
import { seeded } from '../../src/strategy/random.ts'

function take(seed: number, count: number): number[] {
  const random = seeded(seed)
  return Array.from({ length: count }, () => random())
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance }
}

test('RANDOM-1 the same seed gives the same numbers, and seeds side by side give unrelated ones', () => {
  assert.deepEqual(take(42, 100), take(42, 100))
  for (const [a, b] of [
    [0, 1],
    [1, 2],
    [7, 2 ** 32 + 7],
    [-1, 2 ** 32 - 2],
  ] as const) {
    const x = take(a, 2000)
    const y = take(b, 2000)
    const together = x.reduce((sum, value, i) => sum + (value - 0.5) * ((y[i] ?? 0) - 0.5), 0) / 2000
    // One standard deviation of this mean is 1/12/√2000 = 0.0019.
    assert.ok(Math.abs(together) < 0.008, `seeds ${a} and ${b}: covariance ${together}`)
  }
})

test('RANDOM-2 numbers are uniform in [0, 1): chi-square over 64 cells, singly and in pairs', () => {
  for (const seed of [0, 1, 2, 12345]) {
    const values = take(seed, 64_000)
    assert.ok(values.every((x) => x >= 0 && x < 1))
    const single = new Array<number>(64).fill(0)
    const pairs = new Array<number>(64).fill(0)
    values.forEach((x, i) => {
      const cell = Math.floor(x * 64)
      single[cell] = (single[cell] ?? 0) + 1
      const pair = Math.floor(x * 8) * 8 + Math.floor((values[(i + 1) % values.length] ?? 0) * 8)
      pairs[pair] = (pairs[pair] ?? 0) + 1
    })
    for (const counts of [single, pairs]) {
      const chi = counts.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0)
      // 63 degrees of freedom: the 99.99 % point is 113.
      assert.ok(chi < 113, `seed ${seed}: ${chi}`)
    }
  }
})

test('RANDOM-3 normal, gamma and beta draws have the moments of their distributions', () => {
  const random = seeded(5)
  const draw = (one: () => number): { mean: number; variance: number } =>
    moments(Array.from({ length: 40_000 }, one))
  const near = (actual: number, expected: number, tolerance: number, what: string): void =>
    assert.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual} instead of ${expected}`)

  const normal = draw(() => drawNormal(random))
  near(normal.mean, 0, 0.02, 'normal mean')
  near(normal.variance, 1, 0.03, 'normal variance')
  for (const shape of [0.3, 1, 4.2, 50]) {
    const gamma = draw(() => drawGamma(shape, random))
    near(gamma.mean / shape, 1, 0.04, `gamma ${shape} mean`)
    near(gamma.variance / shape, 1, 0.1, `gamma ${shape} variance`)
  }
  for (const [a, b] of [
    [4.2, 1.8],
    [0.5, 0.5],
    [90, 10],
  ] as const) {
    const beta = draw(() => drawBeta(a, b, random))
    near(beta.mean, a / (a + b), 0.01, `beta ${a} ${b} mean`)
    near(beta.variance / ((a * b) / ((a + b) ** 2 * (a + b + 1))), 1, 0.05, `beta ${a} ${b} variance`)
  }
})

test('RANDOM-4 the normal distribution function is right to 1e-7 at tabulated points', () => {
  for (const [x, p] of [
    [0, 0.5],
    [1, 0.8413447460685429],
    [1.2815515655446004, 0.9],
    [2.5, 0.9937903346742238],
    [-1.959963984540054, 0.025],
    [-4, 0.00003167124183311998],
  ] as const) {
    assert.ok(Math.abs(normalCdf(x) - p) < 1e-7, `${x}: ${normalCdf(x)} instead of ${p}`)
  }
})
