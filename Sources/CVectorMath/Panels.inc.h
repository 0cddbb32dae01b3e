// Matrix products with the right factor packed in panels: PANEL columns side by side for each of its rows, so that the
// innermost loop reads one stream; missing columns are zeros. The left factor is used where it lies.

// Columns in a panel: two vectors. With ROWS rows of the left factor the sums fill the registers, but for two columns
// and one row of the factors.
#define PANEL (2 * WIDTH)
#if WIDTH == 16 || defined(__aarch64__)
#define ROWS 14
#else
#define ROWS 6
#endif

// Numbers in a cache line, and how many lines ahead are asked for: rows far apart are no stream to the processor.
#define LINE 16
#define AHEAD 4

// Four by four numbers, turned: columns of `from` become rows of `to`.
static INLINE void turn_four(float *to, size_t to_stride, const float *from, size_t from_stride) {
  typedef float four __attribute__((ext_vector_type(4)));
  four a, b, c, d;
  __builtin_memcpy(&a, from, sizeof a);
  __builtin_memcpy(&b, from + from_stride, sizeof b);
  __builtin_memcpy(&c, from + 2 * from_stride, sizeof c);
  __builtin_memcpy(&d, from + 3 * from_stride, sizeof d);
  const four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const four rows[4] = {
      __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
      __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (int row = 0; row < 4; row++) __builtin_memcpy(to + row * to_stride, &rows[row], sizeof rows[row]);
}

// Packs b, stored [k, n]. Panel p starts at panels + p * panel_stride.
static void pack_panels(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k) {
  for (size_t column = 0; column < n; column += PANEL, panels += panel_stride) {
    const size_t count = n - column < PANEL ? n - column : PANEL;
    const size_t first = count < WIDTH ? count : WIDTH;
    for (size_t row = 0; row < k; row++) {
      const float *from = b + row * b_stride + column;
      float *to = panels + row * PANEL;
      __builtin_prefetch(from + AHEAD * b_stride);
      put(to, get(from, first, 0), WIDTH);
      put(to + WIDTH, count > WIDTH ? get(from + WIDTH, count - WIDTH, 0) : splat(0), WIDTH);
    }
  }
}

// Packs b, stored [n, k].
static void pack_panels_transposed(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                   size_t k) {
  for (size_t column = 0; column < n; column += PANEL, panels += panel_stride) {
    const size_t count = n - column < PANEL ? n - column : PANEL;
    const float *from = b + column * b_stride;
    size_t whole = count / 4 * 4;
    // A whole cache line of each row at a time: rows often lie a power of two apart, where a cache holds few of them.
    for (size_t block = 0; block + 4 <= k; block += LINE) {
      const size_t end = block + LINE < k ? block + LINE : k / 4 * 4;
      // At the end of a panel's lines the first ones of the next panel; but few lines are a part of longer ones.
      const size_t ahead = block + AHEAD * LINE;
      const float *soon = from + ahead + (ahead < k || k <= AHEAD * LINE ? 0 : PANEL * b_stride - k);
      for (size_t i = 0; i < whole; i += 4) {
        for (size_t j = i; j < i + 4; j++) __builtin_prefetch(soon + j * b_stride);
        for (size_t row = block; row < end; row += 4) {
          turn_four(panels + row * PANEL + i, PANEL, from + i * b_stride + row, b_stride);
        }
      }
    }
    for (size_t i = 0; i < PANEL; i++) {
      const size_t done = i < whole ? k / 4 * 4 : 0;
      for (size_t row = done; row < k; row++) panels[row * PANEL + i] = i < count ? from[i * b_stride + row] : 0;
    }
  }
}

// Steps of a sum between two times that memory is asked for ahead.
#define ASK_STEPS 8

// Memory that is read next, from the line to ask for on, and how many lines to ask for at a time.
struct ahead {
  const float *next, *end;
  size_t lines;
};

// So that `count` numbers have been asked for by the end of a product.
static INLINE struct ahead asking(const float *from, size_t count, size_t m, size_t n, size_t k) {
  const size_t tiles = (m + ROWS - 1) / ROWS * ((n + PANEL - 1) / PANEL);
  const size_t times = tiles * ((k + ASK_STEPS - 1) / ASK_STEPS);
  return (struct ahead){from, from ? from + count : from, times ? (count / LINE + times) / times : 0};
}

// Asks for the next `lines` cache lines, to be in the second-level cache when they are read.
static INLINE void ask_ahead(struct ahead *ahead) {
  for (size_t line = 0; line < ahead->lines && ahead->next < ahead->end; line++, ahead->next += LINE) {
    __builtin_prefetch(ahead->next, 0, 2);
  }
}

// c = alpha a b (+ c if `accumulate`) for `rows` rows and the first `count` columns of one panel. Every sum runs over k
// in order, whatever `rows` and `count` are, so an element has the same bits wherever it is made.
static INLINE void panel_tile(int rows, float *c, size_t c_stride, const float *a, size_t a_stride, const float *panel,
                              size_t count, size_t k, float alpha, int accumulate, struct ahead *ahead) {
  vec left[ROWS], right[ROWS];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) left[row] = right[row] = splat(0);
  for (size_t i = 0; i < k;) {
    const size_t end = ahead && k - i > ASK_STEPS ? i + ASK_STEPS : k;
    if (ahead) ask_ahead(ahead);
    for (; i < end; i++) {
      const vec b_left = get(panel + i * PANEL, WIDTH, 0), b_right = get(panel + i * PANEL + WIDTH, WIDTH, 0);
#pragma clang loop unroll(full)
      for (int row = 0; row < rows; row++) {
        const vec factor = splat(a[row * a_stride + i]);
        left[row] = multiply_add(factor, b_left, left[row]);
        right[row] = multiply_add(factor, b_right, right[row]);
      }
    }
  }
  const size_t first = count < WIDTH ? count : WIDTH, second = count - first;
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    float *to = c + row * c_stride;
    const vec before = accumulate ? get(to, first, 0) : splat(0);
    put(to, multiply_add(splat(alpha), left[row], before), first);
    if (second == 0) continue;
    const vec before_right = accumulate ? get(to + WIDTH, second, 0) : splat(0);
    put(to + WIDTH, multiply_add(splat(alpha), right[row], before_right), second);
  }
}

#define TILE_CASE(N)                                                                             \
  case N:                                                                                        \
    if (ahead) {                                                                                 \
      panel_tile(N, c, c_stride, a, a_stride, panel, count, k, alpha, accumulate, ahead);        \
    } else {                                                                                     \
      panel_tile(N, c, c_stride, a, a_stride, panel, count, k, alpha, accumulate, NULL);         \
    }                                                                                            \
    break;

static void panel_rows(size_t rows, float *c, size_t c_stride, const float *a, size_t a_stride, const float *panel,
                       size_t count, size_t k, float alpha, int accumulate, struct ahead *ahead) {
  switch (rows) {
    TILE_CASE(1)
    TILE_CASE(2)
    TILE_CASE(3)
    TILE_CASE(4)
    TILE_CASE(5)
    TILE_CASE(6)
#if ROWS > 6
    TILE_CASE(7)
    TILE_CASE(8)
    TILE_CASE(9)
    TILE_CASE(10)
    TILE_CASE(11)
    TILE_CASE(12)
    TILE_CASE(13)
    TILE_CASE(14)
#endif
  }
}

static void multiply_panels(float *c, size_t c_stride, const float *a, size_t a_stride, const float *panels,
                            size_t panel_stride, size_t m, size_t n, size_t k, float alpha, int accumulate,
                            const float *soon, size_t soon_count) {
  struct ahead ahead = asking(soon, soon_count, m, n, k);
  // Blocks of nearly equal height: a last block of a few rows would wait for its sums.
  const size_t blocks = (m + ROWS - 1) / ROWS;
  for (size_t block = 0; block < blocks; block++) {
    const size_t row = m * block / blocks, rows = m * (block + 1) / blocks - row;
    const float *panel = panels;
    for (size_t column = 0; column < n; column += PANEL, panel += panel_stride) {
      const size_t count = n - column < PANEL ? n - column : PANEL;
      panel_rows(rows, c + row * c_stride + column, c_stride, a + row * a_stride, a_stride, panel, count, k, alpha,
                 accumulate, soon ? &ahead : NULL);
    }
  }
}
