// What the four-lane paths, which have no masked loads, share.

static INLINE vec load_tail(const float *p, size_t count, float fill) {
  vec v = splat(fill);
  for (size_t i = 0; i < count; i++) v[i] = p[i];
  return v;
}

static INLINE void store_tail(float *p, vec v, size_t count) {
  for (size_t i = 0; i < count; i++) p[i] = v[i];
}

static INLINE int any(ivec mask) { return __builtin_reduce_or(mask) != 0; }
