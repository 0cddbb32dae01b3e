// v * 2^k for k in [-150, 0], with `shifted` = k + EXPONENT_SHIFT. In two factors, since 2^-150 is no float; the first
// product is exact, so a subnormal result is rounded once.
static INLINE vec scale_by_power(vec v, vec shifted) {
  const ivec k = (ivec)shifted - (ivec)splat(EXPONENT_SHIFT);
  const ivec half = k >> 1;
  const vec first = (vec)((uvec)(half + 127) << 23);
  const vec second = (vec)((uvec)(k - half + 127) << 23);
  return v * first * second;
}
