// bfloat16: rounding and packing bit by bit, and products against the sums in order. Where one instruction multiplies
// pairs, it takes subnormal numbers and sums for 0 of the same sign, which the references here then do, too.
#include "Support.h"

enum { MOST_STEPS = 33, MOST_PAIRS = (MOST_STEPS + 1) / 2, MOST_ROWS = 2 * CVM_HIGHEST_PANEL + 3 };
enum { MOST_COLUMNS = 2 * CVM_WIDEST_PANEL + 3 };

static float number_of(uint32_t bits) {
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

static float flushed(float x) {
  return cvm_has_bf16() && fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x;
}

// The nearer of the two neighbours with 8 significant bits; half way, the one whose last bit is 0.
static uint32_t rounded(float x) {
  const uint32_t bits = bits_of(flushed(x)), below = bits >> 16, rest = bits & 0xFFFF;
  if (isnan(x)) return below | 0x40;
  return below + (rest > 0x8000 || (rest == 0x8000 && below % 2 == 1));
}

static uint32_t pair_of(float even, float odd) { return rounded(even) | rounded(odd) << 16; }

// Any bits, a quarter of the numbers half way between two of bfloat16, and special ones.
static float any_number(void) {
  const uint32_t specials[] = {0x00000000, 0x80000000, 0x00000001, 0x807FFFFF, 0x00008000, 0x7F800000,
                               0xFF800000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800001, 0xFFC12345, 0x7F80FFFF};
  const uint32_t bits = (uint32_t)next_bits();
  switch (next_bits() % 4) {
    case 0:
      return number_of(specials[bits % (sizeof specials / sizeof *specials)]);
    case 1:
      return number_of((bits & 0xFFFF0000) | 0x8000);
    default:
      return number_of(bits);
  }
}

static void test_rounding(const float *from, size_t n, const char *variant) {
  begin_row("round_bf16", n, variant);
  const float *x = row_of(0, from, n);
  uint16_t *to = row_of_halves(1, n);
  cvm_round_bf16(to, x, n);
  for (size_t i = 0; i < n; i++) expect_word(i, to[i], rounded(from[i]));
  expect_odd_half_untouched(to, n);
  expect_neighbours_untouched();
}

// What the reference itself has to say of some numbers.
static void test_reference(void) {
  const struct { uint32_t bits, rounded; } known[] = {
      {0x3F808000, 0x3F80}, {0x3F818000, 0x3F82}, {0x3F808001, 0x3F81}, {0x3F807FFF, 0x3F80}, {0xBF818000, 0xBF82},
      {0x3FFF8000, 0x4000}, {0x7F7FFFFF, 0x7F80}, {0xFF7FFFFF, 0xFF80}, {0x7F7F7FFF, 0x7F7F}, {0x7F800000, 0x7F80},
      {0xFF800000, 0xFF80}, {0x80000000, 0x8000}, {0x00800000, 0x0080}, {0x7F800001, 0x7FC0}, {0xFFC10000, 0xFFC1}};
  static float numbers[sizeof known / sizeof *known];
  const size_t count = sizeof known / sizeof *known;
  begin_row("round_bf16", count, "known numbers");
  for (size_t i = 0; i < count; i++) {
    numbers[i] = number_of(known[i].bits);
    expect_word(i, rounded(numbers[i]), known[i].rounded);
  }
  test_rounding(numbers, count, "known numbers");
}

// Every upper half with these lower ones, subnormal numbers and NaN among them; and rows of every length.
static void test_all_rounding(void) {
  static float numbers[LARGEST_ROW];
  const uint32_t lower[] = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF};
  test_reference();
  for (size_t kind = 0; kind < sizeof lower / sizeof *lower; kind++) {
    for (uint32_t upper = 0; upper < 1 << 16; upper += LARGEST_ROW) {
      for (uint32_t i = 0; i < LARGEST_ROW; i++) numbers[i] = number_of((upper + i) << 16 | lower[kind]);
      test_rounding(numbers, LARGEST_ROW, "every upper half");
    }
  }
  FOR_LENGTHS(n, row_length_count) {
    for (size_t i = 0; i < n; i++) numbers[i] = any_number();
    test_rounding(numbers, n, "");
  }
}

static size_t panels_of(size_t n) { return (n + cvm_panel_width() - 1) / cvm_panel_width(); }

// Pairs of b, [k, n] with the given strides, as packing has to place them.
static uint32_t packed(const float *b, size_t k_stride, size_t n_stride, size_t n, size_t k, size_t panel, size_t at) {
  const size_t width = cvm_panel_width(), column = panel * width + at % width, step = at / width * 2;
  if (column >= n) return 0;
  const float *from = b + step * k_stride + column * n_stride;
  return pair_of(from[0], step + 1 < k ? from[k_stride] : 0);
}

static void test_packing(size_t n, size_t k, size_t gap, int transposed) {
  begin_matrix(transposed ? "pack_bf16_panels_transposed" : "pack_bf16_panels", 0, n, k, "");
  const size_t pairs = (k + 1) / 2, size = pairs * cvm_panel_width();
  const size_t rows = transposed ? n : k, columns = transposed ? k : n, stride = columns + gap;
  float *b = matrix(0, rows, columns, gap);
  uint32_t *panels = (uint32_t *)(void *)matrix(1, panels_of(n), size, gap);
  for (size_t i = 0; i < rows; i++) {
    for (size_t at = 0; at < columns; at++) b[i * stride + at] = any_number();
  }
  (transposed ? cvm_pack_bf16_panels_transposed : cvm_pack_bf16_panels)(panels, size + gap, b, stride, n, k);
  for (size_t p = 0; p < panels_of(n); p++) {
    for (size_t i = 0; i < size; i++) {
      const uint32_t expected = packed(b, transposed ? 1 : stride, transposed ? stride : 1, n, k, p, i);
      expect_word(p * size + i, panels[p * (size + gap) + i], expected);
    }
  }
  expect_gaps_untouched((float *)(void *)panels, size + gap, panels_of(n), size);
  expect_neighbours_untouched();
}

// Which numbers a product is of.
enum kind { ORDINARY, SPECIAL, SUBNORMAL, KINDS };
static const char *const kind_names[] = {"", "special numbers", "subnormal numbers"};

// A number of the kind, rounded.
static uint32_t draw(enum kind kind) {
  const uint32_t specials[] = {0x0000, 0x8000, 0x7F80, 0xFF80, 0x7FC0, 0x7F7F, 0xFF7F, 0x0080};
  const uint64_t bits = next_bits();
  if (kind == SPECIAL && bits % 32 == 0) return specials[bits / 32 % 8];
  // Exponents from that of subnormal numbers to that of 1: so are many products and sums.
  if (kind == SUBNORMAL) return (uint32_t)((bits & 0x807F) | bits / 0x10000 % 126 << 7);
  return bits_of(normal(0, 1)) >> 16;
}

static float step(uint32_t a, uint32_t b, float sum) {
  return flushed(multiply_add(flushed(number_of(a << 16)), flushed(number_of(b << 16)), sum));
}

// All heights and widths up to these.
static void test_product(size_t k, int accumulate, enum kind kind) {
  static uint32_t a_in[MOST_ROWS * MOST_PAIRS], b_in[MOST_PAIRS * MOST_COLUMNS];
  static float c_in[MOST_ROWS * MOST_COLUMNS], expected[MOST_ROWS * MOST_COLUMNS];
  const size_t width = cvm_panel_width(), pairs = (k + 1) / 2;
  const size_t most_m = 2 * cvm_panel_height() + 3, most_n = 2 * width + 3;
  for (size_t i = 0; i < most_m * pairs; i++) {
    a_in[i] = draw(kind) | ((i % pairs) * 2 + 1 < k ? draw(kind) << 16 : 0);
  }
  for (size_t i = 0; i < pairs * most_n; i++) {
    b_in[i] = draw(kind) | (i / most_n * 2 + 1 < k ? draw(kind) << 16 : 0);
  }
  for (size_t i = 0; i < most_m * most_n; i++) c_in[i] = kind == SUBNORMAL ? 0x1p-149f : normal(0, 1);
  begin_matrix("multiply_bf16_panels", most_m, most_n, k, "the sum in order itself");
  for (size_t i = 0; i < most_m; i++) {
    for (size_t j = 0; j < most_n; j++) {
      // Sums are added to c as they are.
      const float before = accumulate ? c_in[i * most_n + j] : 0;
      double exact = (double)before;
      float sum = 0;
      for (size_t at = 0; at < pairs; at++) {
        const uint32_t x = a_in[i * pairs + at], y = b_in[at * most_n + j];
        sum = step(x >> 16, y >> 16, sum);
        sum = step(x & 0xFFFF, y & 0xFFFF, sum);
        exact += (double)number_of(x << 16) * (double)number_of(y << 16) +
                 (double)number_of(x & 0xFFFF0000) * (double)number_of(y & 0xFFFF0000);
      }
      expected[i * most_n + j] = sum + before;
      const double bound = 2e-6 * (double)k + 1e-6 * fabs(exact);
      if (kind == ORDINARY) expect_within(i * most_n + j, (double)(sum + before), exact, bound);
    }
  }
  for (size_t n = 0; n <= most_n; n++) {
    const size_t gap = n % 3, size = pairs * width;
    for (size_t m = 0; m <= most_m; m++) {
      begin_matrix("multiply_bf16_panels", m, n, k, kind == ORDINARY && accumulate ? "accumulated" : kind_names[kind]);
      uint32_t *a = (uint32_t *)(void *)matrix(0, m, pairs, gap);
      uint32_t *panels = (uint32_t *)(void *)matrix(1, panels_of(n), size, gap);
      float *c = matrix(2, m, n, gap);
      for (size_t i = 0; i < m && pairs > 0; i++) {
        memcpy(a + i * (pairs + gap), a_in + i * pairs, pairs * sizeof *a);
      }
      for (size_t i = 0; i < panels_of(n) * size; i++) {
        const size_t column = i / size * width + i % width, at = i % size / width;
        panels[i / size * (size + gap) + i % size] = column < n ? b_in[at * most_n + column] : 0;
      }
      // Else c is not read: the gap's NaN in it is overwritten.
      for (size_t i = 0; i < m && accumulate; i++) memcpy(c + i * (n + gap), c_in + i * most_n, n * sizeof *c);
      cvm_multiply_bf16_panels(c, n + gap, a, pairs + gap, panels, size + gap, m, n, pairs, accumulate,
                               n % 2 ? b_in : NULL, n % 2 ? pairs * most_n : 0);
      for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) expect_bits(i * n + j, c[i * (n + gap) + j], expected[i * most_n + j]);
      }
      expect_gaps_untouched(c, n + gap, m, n);
      expect_neighbours_untouched();
    }
  }
}

void test_bf16(void) {
  test_all_rounding();
  for (size_t n = 0; n <= 2 * cvm_panel_width() + 3; n++) {
    // Up to more than two of the blocks of 32 steps that are turned at once.
    for (size_t k = 0; k <= 69; k += k < 37 ? 1 : 4) {
      test_packing(n, k, (n + k) % 3, 0);
      test_packing(n, k, (n + k) % 3, 1);
    }
  }
  const size_t depths[] = {0, 1, 2, 5, 6, MOST_STEPS};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    test_product(depths[i], 0, ORDINARY);
    test_product(depths[i], 1, ORDINARY);
    test_product(depths[i], (int)i % 2, SPECIAL);
    test_product(depths[i], (int)i % 2, SUBNORMAL);
  }
}
