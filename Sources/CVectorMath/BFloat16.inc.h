// Products of bfloat16 numbers, summed in float32: both factors hold the numbers of two steps of a sum side by side, so that
// a 32-bit lane has what one step of the loop multiplies. The left factor is [m, pairs], the right one packed in panels.

typedef uint16_t halves __attribute__((ext_vector_type(WIDTH)));

// The upper half of x, rounded to nearest, ties to even. NaN stays NaN.
static INLINE halves rounded(vec x) {
#ifdef HAS_BF16
  return (halves)_mm512_cvtneps_pbh((__m512)x);
#else
  const uvec bits = (uvec)x, up = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const uvec is_nan = (uvec)(x != x);
  return __builtin_convertvector((is_nan & ((bits >> 16) | 0x40u)) | (~is_nan & up), halves);
#endif
}

static INLINE void round_row(uint16_t *to, const float *from, size_t n) {
  FOR_ROW(n, {
    const halves part = rounded(get(from + i, count, 0));
    __builtin_memcpy(to + i, &part, count * sizeof *to);
  })
}

static void round_bf16(uint16_t *to, const float *from, size_t n) { round_row(to, from, n); }

// Two numbers of a column, one step apart, in a lane: the first in its lower half.
static INLINE uvec pair_of(vec first, vec second) {
  return __builtin_convertvector(rounded(first), uvec) | __builtin_convertvector(rounded(second), uvec) << 16;
}

// Packs b, stored [k, n]; a missing last step is 0.
static void pack_bf16_panels(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                             size_t k) {
  for (size_t column = 0; column < n; column += PANEL, panels += panel_stride) {
    for (size_t part = 0; part < PANEL; part += WIDTH) {
      const size_t left = n - column > part ? n - column - part : 0, count = left < WIDTH ? left : WIDTH;
      for (size_t row = 0; row < k; row += 2) {
        const float *from = b + row * b_stride + column + part;
        uvec pair = (uvec)(0u);
        if (count > 0) {
          __builtin_prefetch(from + AHEAD * b_stride);
          pair = pair_of(get(from, count, 0), row + 1 < k ? get(from + b_stride, count, 0) : splat(0));
        }
        __builtin_memcpy(panels + row / 2 * PANEL + part, &pair, sizeof pair);
      }
    }
  }
}

// Packs b, stored [n, k]: lines of two cache lines each are rounded side by side, and then turned.
static void pack_bf16_panels_transposed(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride,
                                        size_t n, size_t k) {
  enum { STEPS = 2 * LINE, PAIRS = STEPS / 2 };
  uint32_t lines[4][PAIRS];
  for (size_t column = 0; column < n; column += PANEL, panels += panel_stride) {
    for (size_t block = 0; block < k; block += STEPS) {
      const size_t steps = k - block < STEPS ? k - block : STEPS, pairs = (steps + 1) / 2;
      for (size_t i = 0; i < PANEL; i += 4) {
        for (size_t line = 0; line < 4; line++) {
          uint16_t *to = (uint16_t *)lines[line];
          if (column + i + line < n) {
            const float *from = b + (column + i + line) * b_stride + block;
            __builtin_prefetch(from + AHEAD * LINE);
            __builtin_prefetch(from + (AHEAD + 1) * LINE);
            if (steps == STEPS) {
              round_row(to, from, STEPS);
            } else {
              round_row(to, from, steps);
              if (steps % 2) to[steps] = 0;
            }
          } else {
            __builtin_memset(to, 0, sizeof lines[line]);
          }
        }
        uint32_t *to = panels + block / 2 * PANEL + i;
        size_t pair = 0;
        for (; pair + 4 <= pairs; pair += 4) {
          turn_four((float *)(to + pair * PANEL), PANEL, (const float *)&lines[0][pair], PAIRS);
        }
        for (; pair < pairs; pair++) {
          for (size_t line = 0; line < 4; line++) to[pair * PANEL + line] = lines[line][pair];
        }
      }
    }
  }
}

// c + a b for two numbers per lane, the second first, as processors with such an instruction do.
static INLINE vec multiply_pairs(uvec a, uvec b, vec c) {
#ifdef HAS_BF16
  return (vec)_mm512_dpbf16_ps((__m512)c, (__m512bh)a, (__m512bh)b);
#else
  c = multiply_add((vec)(a & 0xFFFF0000u), (vec)(b & 0xFFFF0000u), c);
  return multiply_add((vec)(a << 16), (vec)(b << 16), c);
#endif
}

// c = a b (+ c if `accumulate`), as panel_tile.
static INLINE void bf16_tile(int rows, float *c, size_t c_stride, const uint32_t *a, size_t a_stride,
                             const uint32_t *panel, size_t count, size_t pairs, int accumulate, struct ahead *ahead) {
  vec left[ROWS], right[ROWS];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    left[row] = right[row] = splat(0);
    // The sums are written at once at the end.
    __builtin_prefetch(c + row * c_stride, 1);
    __builtin_prefetch(c + row * c_stride + WIDTH, 1);
  }
  for (size_t i = 0; i < pairs;) {
    const size_t end = ahead && pairs - i > ASK_STEPS ? i + ASK_STEPS : pairs;
    if (ahead) ask_ahead(ahead);
    for (; i < end; i++) {
      uvec b_left, b_right;
      __builtin_memcpy(&b_left, panel + i * PANEL, sizeof b_left);
      __builtin_memcpy(&b_right, panel + i * PANEL + WIDTH, sizeof b_right);
#pragma clang loop unroll(full)
      for (int row = 0; row < rows; row++) {
        const uvec factor = (uvec)(a[row * a_stride + i]);
        left[row] = multiply_pairs(factor, b_left, left[row]);
        right[row] = multiply_pairs(factor, b_right, right[row]);
      }
    }
  }
  const size_t first = count < WIDTH ? count : WIDTH, second = count - first;
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    float *to = c + row * c_stride;
    put(to, left[row] + (accumulate ? get(to, first, 0) : splat(0)), first);
    if (second == 0) continue;
    put(to + WIDTH, right[row] + (accumulate ? get(to + WIDTH, second, 0) : splat(0)), second);
  }
}

#define BF16_TILE_CASE(N)                                                                    \
  case N:                                                                                    \
    if (ahead) {                                                                             \
      bf16_tile(N, c, c_stride, a, a_stride, panel, count, pairs, accumulate, ahead);        \
    } else {                                                                                 \
      bf16_tile(N, c, c_stride, a, a_stride, panel, count, pairs, accumulate, NULL);         \
    }                                                                                        \
    break;

static void bf16_rows(size_t rows, float *c, size_t c_stride, const uint32_t *a, size_t a_stride,
                      const uint32_t *panel, size_t count, size_t pairs, int accumulate, struct ahead *ahead) {
  switch (rows) {
    BF16_TILE_CASE(1)
    BF16_TILE_CASE(2)
    BF16_TILE_CASE(3)
    BF16_TILE_CASE(4)
    BF16_TILE_CASE(5)
    BF16_TILE_CASE(6)
#if ROWS > 6
    BF16_TILE_CASE(7)
    BF16_TILE_CASE(8)
    BF16_TILE_CASE(9)
    BF16_TILE_CASE(10)
    BF16_TILE_CASE(11)
    BF16_TILE_CASE(12)
    BF16_TILE_CASE(13)
    BF16_TILE_CASE(14)
#endif
  }
}

static void multiply_bf16_panels(float *c, size_t c_stride, const uint32_t *a, size_t a_stride,
                                 const uint32_t *panels, size_t panel_stride, size_t m, size_t n, size_t pairs,
                                 int accumulate, const uint32_t *soon, size_t soon_count) {
  struct ahead ahead = asking((const float *)soon, soon_count, m, n, pairs);
  const size_t blocks = (m + ROWS - 1) / ROWS;
  for (size_t block = 0; block < blocks; block++) {
    const size_t row = m * block / blocks, rows = m * (block + 1) / blocks - row;
    const uint32_t *panel = panels;
    for (size_t column = 0; column < n; column += PANEL, panel += panel_stride) {
      const size_t count = n - column < PANEL ? n - column : PANEL;
      bf16_rows(rows, c + row * c_stride + column, c_stride, a + row * a_stride, a_stride, panel, count, pairs,
                accumulate, soon ? &ahead : NULL);
    }
  }
}
