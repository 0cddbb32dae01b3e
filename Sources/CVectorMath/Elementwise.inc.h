// Rows in place, element by element.

#define DEFINE_BIAS_ACTIVATION(NAME, ACTIVATION)                                               \
  static void NAME(float *x, const float *bias, size_t n) {                                    \
    if (bias) {                                                                                \
      FOR_ROW(n, put(x + i, ACTIVATION(get(x + i, count, 0) + get(bias + i, count, 0)), count);)\
    } else {                                                                                   \
      FOR_ROW(n, put(x + i, ACTIVATION(get(x + i, count, 0)), count);)                         \
    }                                                                                          \
  }

DEFINE_BIAS_ACTIVATION(row_gelu_erf, gelu_erf)
DEFINE_BIAS_ACTIVATION(row_gelu_tanh, gelu_tanh)
DEFINE_BIAS_ACTIVATION(row_gelu_sigmoid, gelu_sigmoid)
DEFINE_BIAS_ACTIVATION(row_relu, relu)
DEFINE_BIAS_ACTIVATION(row_silu, silu)
DEFINE_BIAS_ACTIVATION(row_tanh, tanh_of)

static void row_add(float *x, const float *bias, size_t n) {
  FOR_ROW(n, put(x + i, get(x + i, count, 0) + get(bias + i, count, 0), count);)
}

// (x + bias) + residual of the vector at i; bias may be NULL.
static INLINE vec with_residual(const float *x, const float *bias, const float *residual, size_t i, size_t count) {
  vec v = get(x + i, count, 0);
  if (bias) v += get(bias + i, count, 0);
  return v + get(residual + i, count, 0);
}

static void row_bias_residual(float *x, const float *bias, const float *residual, size_t n) {
  FOR_ROW(n, put(x + i, with_residual(x, bias, residual, i, count), count);)
}
