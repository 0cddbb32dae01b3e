// v * 2^k where `keep`, else 0, for k = shifted - EXPONENT_SHIFT in [-126, 0]: the low bits of `shifted` are the
// exponent of 2^k.
static INLINE vec scale_or_zero(vec v, vec shifted, ivec keep) {
  const vec power = (vec)((uvec)shifted << 23);
  return (vec)((ivec)(v * power) & keep);
}
