// What the derivatives of a forward pass need beside products, and the optimizer's step.

#define DEFINE_SLOPE(NAME, SLOPE) \
  static void NAME(float *x, size_t n) { FOR_ROW(n, put(x + i, SLOPE(get(x + i, count, 0)), count);) }

DEFINE_SLOPE(row_gelu_erf_slope, gelu_erf_slope)
DEFINE_SLOPE(row_gelu_tanh_slope, gelu_tanh_slope)
DEFINE_SLOPE(row_gelu_sigmoid_slope, gelu_sigmoid_slope)
DEFINE_SLOPE(row_relu_slope, relu_slope)
DEFINE_SLOPE(row_silu_slope, silu_slope)
DEFINE_SLOPE(row_tanh_slope, tanh_slope)

static void row_multiply(float *x, const float *factor, size_t n) {
  FOR_ROW(n, put(x + i, get(x + i, count, 0) * get(factor + i, count, 0), count);)
}

static void row_add_product(float *x, const float *a, const float *b, size_t n) {
  FOR_ROW(n, put(x + i, multiply_add(get(a + i, count, 0), get(b + i, count, 0), get(x + i, count, 0)), count);)
}

// Sums of 4,096 in float32, those in double.
static double row_dot(const float *a, const float *b, size_t n) {
  double sum = 0;
  for (size_t start = 0; start < n; start += 4096) {
    const size_t size = n - start < 4096 ? n - start : 4096;
    vec sums[LANES] = {0};
    FOR_ROW_IN_LANES(size, {
      sums[lane] = multiply_add(get(a + start + i, count, 0), get(b + start + i, count, 0), sums[lane]);
    })
    sum += total(sums);
  }
  return sum;
}

static void row_softmax_derivative(float *x, const float *weights, float offset, size_t n) {
  FOR_ROW(n, put(x + i, get(weights + i, count, 0) * (get(x + i, count, 0) - splat(offset)), count);)
}

// before times v; NULL is 1.
static INLINE vec factored(const float *v, const float *before, size_t i, size_t count) {
  const vec u = get(v + i, count, 0);
  return before ? u * get(before + i, count, 0) : u;
}

static void row_standardize_derivative(float *out, const float *v, const float *before, const float *after,
                                       const float *standardized_row, float scale, size_t n) {
  vec sums[LANES] = {0};
  vec products[LANES] = {0};
  FOR_ROW_IN_LANES(n, {
    const vec u = factored(v, before, i, count);
    sums[lane] += u;
    products[lane] = multiply_add(u, get(standardized_row + i, count, 0), products[lane]);
  })
  const vec mean = splat((float)(total(sums) / (double)n));
  const vec slope = splat((float)(total(products) / (double)n));
  FOR_ROW(n, {
    const vec centred = factored(v, before, i, count) - mean;
    const vec result = multiply_add(-slope, get(standardized_row + i, count, 0), centred) * splat(scale);
    put(out + i, after ? result * get(after + i, count, 0) : result, count);
  })
}

static void transpose(float *to, size_t to_stride, const float *from, size_t from_stride, size_t rows, size_t columns) {
  // A cache line of each row at a time, down all rows: up to 16 rows of `to` grow as streams.
  for (size_t block = 0; block < columns; block += LINE) {
    const size_t end = block + LINE < columns ? block + LINE : columns;
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
      size_t column = block;
      for (; column + 4 <= end; column += 4) {
        turn_four(to + column * to_stride + row, to_stride, from + row * from_stride + column, from_stride);
      }
      for (; column < end; column++) {
        for (size_t i = row; i < row + 4; i++) to[column * to_stride + i] = from[i * from_stride + column];
      }
    }
    for (; row < rows; row++) {
      for (size_t column = block; column < end; column++) to[column * to_stride + row] = from[row * from_stride + column];
    }
  }
}

// Loshchilov and Hutter 2019, in the order of operations of torch.optim.AdamW.
static void row_adamw(float *x, float *mean, float *square, const float *gradient, const struct cvm_adamw *c, size_t n) {
  FOR_ROW(n, {
    const vec g = get(gradient + i, count, 0) * splat(c->gradient_scale);
    const vec before = get(mean + i, count, 0);
    const vec m = multiply_add(g - before, splat(c->mean_rate), before);
    const vec v = multiply_add(g * splat(c->square_rate), g, get(square + i, count, 0) * splat(c->square_decay));
    const vec size = multiply_add(__builtin_elementwise_sqrt(v), splat(c->root_scale), splat(c->epsilon));
    put(x + i, multiply_add(splat(-c->step), m / size, get(x + i, count, 0) * splat(c->keep)), count);
    put(mean + i, m, count);
    put(square + i, v, count);
  })
}
