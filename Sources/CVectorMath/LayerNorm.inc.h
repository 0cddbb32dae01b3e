// Layer norm of a row. Chan, Golub and LeVeque 1983: a first mean, then the mean and the square of the distances to
// it. The second corrects the first, so that neither the rounding of a large common offset nor the order of the first
// sum is seen in the result. The row stays in the first-level cache.

struct moments {
  float about;     // the first mean
  float rest;      // what it lacks
  float scale;     // 1 / sqrt(variance + epsilon)
};

static INLINE struct moments moments_of(const float *x, float epsilon, size_t n, double sum) {
  const float about = (float)(sum / (double)n);
  vec distances[LANES] = {0};
  vec squares[LANES] = {0};
  FOR_ROW_IN_LANES(n, {
    const vec distance = get(x + i, count, about) - splat(about);
    distances[lane] += distance;
    squares[lane] = multiply_add(distance, distance, squares[lane]);
  })
  const double rest = total(distances) / (double)n;
  const double difference = total(squares) / (double)n - rest * rest;
  const double variance = difference < 0 ? 0 : difference;
  const struct moments found = {about, (float)rest, (float)(1 / __builtin_sqrt(variance + (double)epsilon))};
  return found;
}

static INLINE vec standardized(const float *x, struct moments m, size_t count) {
  return ((get(x, count, 0) - splat(m.about)) - splat(m.rest)) * splat(m.scale);
}

static INLINE void normalize(float *y, const float *x, const float *gain, const float *shift, float epsilon, size_t n,
                             double sum) {
  const struct moments m = moments_of(x, epsilon, n, sum);
  FOR_ROW(n, {
    put(y + i, multiply_add(standardized(x + i, m, count), get(gain + i, count, 0), get(shift + i, count, 0)), count);
  })
}

// Layer norm without gain and shift. Returns what the centred row was multiplied by.
static float row_standardize(float *y, const float *x, float epsilon, size_t n) {
  vec sums[LANES] = {0};
  FOR_ROW_IN_LANES(n, sums[lane] += get(x + i, count, 0);)
  const struct moments m = moments_of(x, epsilon, n, total(sums));
  FOR_ROW(n, put(y + i, standardized(x + i, m, count), count);)
  return m.scale;
}

static void row_layer_norm(float *y, const float *x, const float *gain, const float *shift, float epsilon, size_t n) {
  vec sums[LANES] = {0};
  FOR_ROW_IN_LANES(n, sums[lane] += get(x + i, count, 0);)
  normalize(y, x, gain, shift, epsilon, n, total(sums));
}

// x becomes (x + bias) + residual, y its layer norm; y may be x. Sums in the order row_layer_norm does.
static void row_residual_layer_norm(float *y, float *x, const float *bias, const float *residual, const float *gain,
                                    const float *shift, float epsilon, size_t n) {
  vec sums[LANES] = {0};
  FOR_ROW_IN_LANES(n, {
    const vec v = with_residual(x, bias, residual, i, count);
    put(x + i, v, count);
    sums[lane] += v;
  })
  normalize(y, x, gain, shift, epsilon, n, total(sums));
}
