// Products in double of two factors that are both packed: the left one ROWS rows side by side for each step of the sum,
// the right one DOUBLE_PANEL columns side by side, so that the innermost loop reads two streams.

#define DOUBLE_WIDTH (WIDTH / 2)
#define DOUBLE_PANEL (2 * DOUBLE_WIDTH)

// The sums of `rows` rows and one panel run over the steps in order, whatever `rows` and `count` are; then they are
// written to, or added to, the first `count` columns of c.
static INLINE void double_tile(int rows, double *c, size_t c_stride, const double *a, const double *b, size_t count,
                               size_t k, int accumulate) {
  dhalf left[ROWS], right[ROWS];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) left[row] = right[row] = (dhalf)(0.0);
  for (size_t i = 0; i < k; i++, a += ROWS, b += DOUBLE_PANEL) {
    dhalf b_left, b_right;
    __builtin_memcpy(&b_left, b, sizeof b_left);
    __builtin_memcpy(&b_right, b + DOUBLE_WIDTH, sizeof b_right);
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
      const dhalf factor = (dhalf)(a[row]);
      left[row] = multiply_add_double(factor, b_left, left[row]);
      right[row] = multiply_add_double(factor, b_right, right[row]);
    }
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    double *to = c + row * c_stride;
    if (count == DOUBLE_PANEL) {
      dhalf before_left = (dhalf)(0.0), before_right = before_left;
      if (accumulate) {
        __builtin_memcpy(&before_left, to, sizeof before_left);
        __builtin_memcpy(&before_right, to + DOUBLE_WIDTH, sizeof before_right);
      }
      const dhalf sum_left = left[row] + before_left, sum_right = right[row] + before_right;
      __builtin_memcpy(to, &sum_left, sizeof sum_left);
      __builtin_memcpy(to + DOUBLE_WIDTH, &sum_right, sizeof sum_right);
    } else {
      double sums[DOUBLE_PANEL];
      __builtin_memcpy(sums, &left[row], sizeof left[row]);
      __builtin_memcpy(sums + DOUBLE_WIDTH, &right[row], sizeof right[row]);
      for (size_t column = 0; column < count; column++) to[column] = sums[column] + (accumulate ? to[column] : 0.0);
    }
  }
}

#define DOUBLE_TILE_CASE(N)                                        \
  case N:                                                          \
    double_tile(N, c, c_stride, a, b, count, k, accumulate);       \
    break;

static void multiply_double_panels(double *c, size_t c_stride, const double *a, size_t rows, const double *b,
                                   size_t b_panel_stride, size_t n, size_t k, int accumulate) {
  for (size_t column = 0; column < n; column += DOUBLE_PANEL, c += DOUBLE_PANEL, b += b_panel_stride) {
    const size_t count = n - column < DOUBLE_PANEL ? n - column : DOUBLE_PANEL;
    switch (rows) {
      DOUBLE_TILE_CASE(1)
      DOUBLE_TILE_CASE(2)
      DOUBLE_TILE_CASE(3)
      DOUBLE_TILE_CASE(4)
      DOUBLE_TILE_CASE(5)
      DOUBLE_TILE_CASE(6)
#if ROWS > 6
      DOUBLE_TILE_CASE(7)
      DOUBLE_TILE_CASE(8)
      DOUBLE_TILE_CASE(9)
      DOUBLE_TILE_CASE(10)
      DOUBLE_TILE_CASE(11)
      DOUBLE_TILE_CASE(12)
      DOUBLE_TILE_CASE(13)
      DOUBLE_TILE_CASE(14)
#endif
    }
  }
}
