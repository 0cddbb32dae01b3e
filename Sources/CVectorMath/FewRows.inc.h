// Products of at most ROWS rows with a right factor used where it lies: reading it takes longer than multiplying with it,
// and a packed copy would be read once. An element has the bits that multiply_panels gives it.

// Steps of the sums for which a part of the factor is packed, in the first-level cache, where it cannot be read as it
// is: two cache lines of each column.
#define FEW_STEPS (2 * LINE)
// Rows of the factor that are asked for ahead: each lies in another page of memory.
#define FEW_AHEAD 16
// Vectors of columns side by side: the longer the part of a row that is read at once, the nearer memory is to its full
// rate, as far as the sums have registers.
#define MOST_VECTORS 8
#define FEW_VECTORS(ROWS_OF_A) ((ROWS_OF_A) * 8 <= 2 * ROWS ? 8 : (ROWS_OF_A) * 4 <= 2 * ROWS ? 4 : 2)

// sums += a b, b rows of `vectors` vectors.
static INLINE void few_steps(int rows, int vectors, vec sums[ROWS][MOST_VECTORS], const float *a, size_t a_stride,
                             const float *b, size_t b_stride, size_t steps, int ask_ahead) {
  for (size_t i = 0; i < steps; i++, b += b_stride) {
    vec factors[MOST_VECTORS];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      if (ask_ahead && v * WIDTH % LINE == 0) __builtin_prefetch(b + FEW_AHEAD * b_stride + v * WIDTH);
      factors[v] = get(b + v * WIDTH, WIDTH, 0);
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
      const vec factor = splat(a[(size_t)row * a_stride + i]);
#pragma clang loop unroll(full)
      for (int v = 0; v < vectors; v++) sums[row][v] = multiply_add(factor, factors[v], sums[row][v]);
    }
  }
}

// c = a b (+ c if `accumulate`) for the first `count` of so many vectors of columns; of a packed part two.
static INLINE void few_tile(int rows, int vectors, float *c, size_t c_stride, const float *a, size_t a_stride,
                            const float *b, size_t b_stride, int transposed, size_t count, size_t k, int accumulate) {
  vec sums[ROWS][MOST_VECTORS];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) sums[row][v] = splat(0);
  }
  if (!transposed && count == (size_t)vectors * WIDTH) {
    few_steps(rows, vectors, sums, a, a_stride, b, b_stride, k, 1);
  } else {
    float packed[FEW_STEPS * PANEL] __attribute__((aligned(64)));
    for (size_t block = 0; block < k; block += FEW_STEPS) {
      const size_t steps = k - block < FEW_STEPS ? k - block : FEW_STEPS;
      if (transposed) {
        pack_panels_transposed(packed, FEW_STEPS * PANEL, b + block, b_stride, count, steps);
      } else {
        pack_panels(packed, FEW_STEPS * PANEL, b + block * b_stride, b_stride, count, steps);
      }
      few_steps(rows, 2, sums, a + block, a_stride, packed, PANEL, steps, 0);
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
      const size_t start = (size_t)v * WIDTH;
      if (start >= count) break;
      const size_t part = count - start < WIDTH ? count - start : WIDTH;
      float *to = c + (size_t)row * c_stride + start;
      put(to, multiply_add(splat(1), sums[row][v], accumulate ? get(to, part, 0) : splat(0)), part);
    }
  }
}

static INLINE void few_rows(int rows, float *c, size_t c_stride, const float *a, size_t a_stride, const float *b,
                            size_t b_stride, int transposed, size_t n, size_t k, int accumulate) {
  size_t column = 0;
  if (!transposed) {
    const size_t wide = FEW_VECTORS(rows) * WIDTH;
    for (; column + wide <= n; column += wide) {
      few_tile(rows, FEW_VECTORS(rows), c + column, c_stride, a, a_stride, b + column, b_stride, 0, wide, k, accumulate);
    }
  }
  for (; column < n; column += PANEL) {
    const size_t count = n - column < PANEL ? n - column : PANEL;
    few_tile(rows, 2, c + column, c_stride, a, a_stride, b + column * (transposed ? b_stride : 1), b_stride, transposed,
             count, k, accumulate);
  }
}

#define FEW_CASE(N)                                                                          \
  case N:                                                                                    \
    if (transposed) {                                                                        \
      few_rows(N, c, c_stride, a, a_stride, b, b_stride, 1, n, k, accumulate);               \
    } else {                                                                                 \
      few_rows(N, c, c_stride, a, a_stride, b, b_stride, 0, n, k, accumulate);               \
    }                                                                                        \
    break;

static void multiply_few(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_stride,
                         int transposed, size_t m, size_t n, size_t k, int accumulate) {
  switch (m) {
    FEW_CASE(1)
    FEW_CASE(2)
    FEW_CASE(3)
    FEW_CASE(4)
    FEW_CASE(5)
    FEW_CASE(6)
#if ROWS > 6
    FEW_CASE(7)
    FEW_CASE(8)
    FEW_CASE(9)
    FEW_CASE(10)
    FEW_CASE(11)
    FEW_CASE(12)
    FEW_CASE(13)
    FEW_CASE(14)
#endif
  }
}
