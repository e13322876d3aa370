// wilson.js - the 95 % interval of a share, as the server has it (SCIENCE 24): lists carry counts only.
export function wilson(k, n) {
  if (!n) return {k, n, p: null, lo: null, hi: null};
  const z = 1.96, p = k / n, d = 1 + z * z / n, mid = (p + z * z / (2 * n)) / d, half = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d;
  return {k, n, p, lo: k ? mid - half : 0, hi: k < n ? mid + half : 1};
}
