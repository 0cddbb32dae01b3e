// Softmax, log-sum-exp and searches over a row.

// Ignores NaN; -inf for an empty row.
static float largest(const float *x, size_t n) {
  vec most[LANES] = {splat(-INFINITY), splat(-INFINITY), splat(-INFINITY), splat(-INFINITY)};
  FOR_ROW_IN_LANES(n, {
    const vec v = get(x + i, count, -INFINITY);
    most[lane] = GREATER(v, most[lane]);
  })
  return greatest(most);
}

// Writes exp(scale (x - most)) to y, unless that is NULL, and returns the sum. Sums of 4,096 in float32, those in
// double: the whole vocabulary is as exact as a short row. Infinite `most` gives NaN here, since inf - inf is.
static INLINE double exponentials(float *y, const float *x, float scale, float most, size_t n) {
  double sum = 0;
  for (size_t start = 0; start < n; start += 4096) {
    const size_t size = n - start < 4096 ? n - start : 4096;
    const float *from = x + start;
    float *to = y ? y + start : NULL;
    vec sums[LANES] = {0};
    FOR_ROW_IN_LANES(size, {
      const vec v = exp_nonpositive((get(from + i, count, -INFINITY) - splat(most)) * splat(scale), splat(0.0f));
      if (to) put(to + i, v, count);
      sums[lane] += v;
    })
    sum += total(sums);
  }
  return sum;
}

static void row_softmax(float *x, float scale, size_t n) {
  const double sum = exponentials(x, x, scale, largest(x, n), n);
  const vec inverse = splat((float)(1 / sum));
  FOR_ROW(n, put(x + i, get(x + i, count, 0) * inverse, count);)
}

// The sums behind entropy and divergence, in one pass. Sums of 4,096 in float32, those in double.
static void row_softmax_sums(const float *x, const float *weights, float *exponents, float most, size_t n,
                             double *sums) {
  double sum = 0, own = 0, cross = 0;
  for (size_t start = 0; start < n; start += 4096) {
    const size_t size = n - start < 4096 ? n - start : 4096;
    const float *from = x + start, *factor = weights ? weights + start : NULL;
    float *to = exponents ? exponents + start : NULL;
    vec all[LANES] = {0}, owns[LANES] = {0}, crosses[LANES] = {0};
    FOR_ROW_IN_LANES(size, {
      const vec gap = get(from + i, count, most) - splat(most);
      const vec e = exp_nonpositive(count == WIDTH ? gap : get(from + i, count, -INFINITY) - splat(most), splat(0.0f));
      if (to) put(to + i, e, count);
      all[lane] += e;
      owns[lane] = multiply_add(e, gap, owns[lane]);
      if (factor) crosses[lane] = multiply_add(get(factor + i, count, 0), gap, crosses[lane]);
    })
    sum += total(all);
    own += total(owns);
    if (factor) cross += total(crosses);
  }
  sums[0] = sum;
  sums[1] = own;
  sums[2] = cross;
}

static size_t row_count_at_least(const float *x, size_t n, float least) {
  size_t found = 0;
  for (size_t start = 0; start < n; start += 4096) {
    const size_t size = n - start < 4096 ? n - start : 4096;
    const float *from = x + start;
    ivec counts = 0;
    FOR_ROW(size, counts -= get(from + i, count, NAN) >= splat(least);)
    found += (size_t)__builtin_reduce_add(counts);
  }
  return found;
}

#define DEFINE_FIRST_WHERE(NAME, CONDITION)                                          \
  static size_t NAME(const float *x, size_t n, float target) {                       \
    const size_t block = 8 * WIDTH;                                                  \
    size_t i = 0;                                                                    \
    for (; i + block <= n; i += block) {                                             \
      ivec found = 0;                                                                \
      for (size_t j = i; j < i + block; j += WIDTH) {                                \
        const vec v = get(x + j, WIDTH, 0);                                          \
        found |= CONDITION;                                                          \
      }                                                                              \
      if (any(found)) break;                                                         \
    }                                                                                \
    for (; i < n; i++) {                                                             \
      const float v = x[i];                                                          \
      if (CONDITION) return i;                                                       \
    }                                                                                \
    return n;                                                                        \
  }

DEFINE_FIRST_WHERE(first_equal, v == target)
// NaN and infinity are the numbers whose distance from themselves is not `target`, 0.
DEFINE_FIRST_WHERE(first_not_self, v - v != target)
DEFINE_FIRST_WHERE(first_at_least, v >= target)

static size_t row_argmax(const float *x, size_t n) {
  const size_t index = first_equal(x, n, largest(x, n));
  return index < n ? index : 0;
}

static size_t row_first_nonfinite(const float *x, size_t n) { return first_not_self(x, n, 0); }

static float row_log_sum_exp(const float *x, size_t n) {
  const float most = largest(x, n);
  if (isfinite(most)) return (float)(most + log(exponentials(NULL, x, 1, most, n)));
  // Only infinities and NaN are left; a sum of them is what the formula would give, but for a lone sign.
  for (size_t i = 0; i < n; i++) {
    if (isnan(x[i])) return x[i];
  }
  return most;
}
