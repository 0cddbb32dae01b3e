// Products in double of two packed factors, against the sums in order.
#include <float.h>

#include "Support.h"

enum { MOST_DEPTH = 33, MOST_COLUMNS = 2 * CVM_WIDEST_PANEL + 3 };

// A matrix of doubles in a slot: its rows lie `gap` numbers further apart than they are long.
static double *matrix_of_doubles(int slot, size_t rows, size_t columns, size_t gap) {
  return (double *)(void *)matrix(slot, rows, 2 * columns, 2 * gap);
}

static void fill(double *to, size_t n, int special) {
  const double specials[] = {NAN, INFINITY, -INFINITY, -0.0, 0x1p-1074, -DBL_MIN, DBL_MAX, 0x1p-540};
  for (size_t i = 0; i < n; i++) {
    to[i] = special && next_bits() % 16 == 0 ? specials[next_bits() % 8] : uniform(-2, 2);
  }
}

// All heights up to a panel's and all widths up to two panels and more.
static void test_product(size_t k, int accumulate, int special) {
  static double a_in[MOST_DEPTH * CVM_HIGHEST_PANEL], b_in[MOST_DEPTH * MOST_COLUMNS];
  static double c_in[CVM_HIGHEST_PANEL * MOST_COLUMNS], expected[CVM_HIGHEST_PANEL * MOST_COLUMNS];
  const size_t height = cvm_panel_height(), width = cvm_double_panel_width(), most_n = 2 * width + 3;
  const char *variant = special ? "special numbers" : accumulate ? "accumulated" : "";
  // As it is packed: all rows of a step side by side.
  fill(a_in, k * height, special);
  fill(b_in, k * most_n, special);
  fill(c_in, height * most_n, special);
  begin_matrix("multiply_double_panels", height, most_n, k, "the sum in order itself");
  for (size_t i = 0; i < height; i++) {
    for (size_t j = 0; j < most_n; j++) {
      const double before = accumulate ? c_in[i * most_n + j] : 0;
      double sum = 0;
      long double exact = (long double)before;
      for (size_t at = 0; at < k; at++) {
        sum = multiply_add_double(a_in[at * height + i], b_in[at * most_n + j], sum);
        exact += (long double)a_in[at * height + i] * (long double)b_in[at * most_n + j];
      }
      expected[i * most_n + j] = sum + before;
      if (!special) expect_within(i * most_n + j, sum + before, (double)exact, 1e-15 * (double)(4 * k + 1));
    }
  }
  for (size_t n = 0; n <= most_n; n++) {
    const size_t gap = n % 3, panels = (n + width - 1) / width;
    for (size_t rows = 0; rows <= height; rows++) {
      begin_matrix("multiply_double_panels", rows, n, k, variant);
      double *a = matrix_of_doubles(0, 1, k * height, 0), *b = matrix_of_doubles(1, panels, k * width, gap);
      double *c = matrix_of_doubles(2, rows, n, gap);
      if (k > 0) memcpy(a, a_in, k * height * sizeof(double));
      for (size_t p = 0; p < panels; p++) {
        for (size_t i = 0; i < k * width; i++) {
          const size_t column = p * width + i % width;
          b[p * (k * width + gap) + i] = column < n ? b_in[i / width * most_n + column] : 0;
        }
      }
      // Else c is not read: what the gap left in it is overwritten.
      for (size_t i = 0; i < rows && accumulate; i++) {
        memcpy(c + i * (n + gap), c_in + i * most_n, n * sizeof(double));
      }
      cvm_multiply_double_panels(c, n + gap, a, rows, b, k * width + gap, n, k, accumulate);
      for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < n; j++) expect_double_bits(i * n + j, c[i * (n + gap) + j], expected[i * most_n + j]);
      }
      expect_gaps_untouched((float *)(void *)c, 2 * (n + gap), rows, 2 * n);
      expect_neighbours_untouched();
    }
  }
}

void test_double_panels(void) {
  const size_t depths[] = {0, 1, 2, 5, MOST_DEPTH};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    for (int accumulate = 0; accumulate < 2; accumulate++) {
      test_product(depths[i], accumulate, 0);
      test_product(depths[i], accumulate, 1);
    }
  }
}
