// Transposition, packing and products of matrices: exact copies, and sums in order.
#include "Support.h"

enum { MOST = 96, MOST_FEW = 5 * CVM_WIDEST_PANEL + 3 };

static void fill_rows(float *to, size_t rows, size_t columns, size_t gap) {
  for (size_t i = 0; i < rows; i++) fill_normal(to + i * (columns + gap), columns, 0, 1);
}

// Copies keep every bit, of these, too.
static void fill_with_specials(float *to, size_t rows, size_t columns, size_t gap) {
  const float specials[] = {NAN, INFINITY, -0.0f, 0x1p-149f};
  fill_rows(to, rows, columns, gap);
  for (size_t i = 0; i < rows; i++) {
    for (size_t at = 0; at < columns; at++) {
      if (next_bits() % 8 == 0) to[i * (columns + gap) + at] = specials[next_bits() % 4];
    }
  }
}

static void test_transpose(size_t rows, size_t columns, size_t gap) {
  begin_matrix("transpose", rows, columns, 0, "");
  float *from = matrix(0, rows, columns, gap), *to = matrix(1, columns, rows, gap);
  fill_with_specials(from, rows, columns, gap);
  cvm_transpose(to, rows + gap, from, columns + gap, rows, columns);
  for (size_t i = 0; i < rows; i++) {
    for (size_t at = 0; at < columns; at++) {
      expect_bits(i * columns + at, to[at * (rows + gap) + i], from[i * (columns + gap) + at]);
    }
  }
  expect_gaps_untouched(to, rows + gap, columns, rows);
  expect_neighbours_untouched();
}

static size_t panels_of(size_t n) { return (n + cvm_panel_width() - 1) / cvm_panel_width(); }

// Panels for [k, n], `gap` numbers between two.
static float *panels_for(int slot, size_t n, size_t k, size_t gap) {
  return matrix(slot, panels_of(n), k * cvm_panel_width(), gap);
}

static void test_packing(size_t n, size_t k, size_t gap, int transposed) {
  begin_matrix(transposed ? "pack_panels_transposed" : "pack_panels", 0, n, k, "");
  const size_t width = cvm_panel_width(), stride = k * width + gap;
  const size_t rows = transposed ? n : k, columns = transposed ? k : n;
  float *b = matrix(0, rows, columns, gap), *panels = panels_for(1, n, k, gap);
  fill_with_specials(b, rows, columns, gap);
  (transposed ? cvm_pack_panels_transposed : cvm_pack_panels)(panels, stride, b, columns + gap, n, k);
  for (size_t p = 0; p < panels_of(n); p++) {
    for (size_t i = 0; i < k; i++) {
      for (size_t at = 0; at < width; at++) {
        const size_t column = p * width + at;
        const float expected =
            column >= n ? 0 : transposed ? b[column * (k + gap) + i] : b[i * (n + gap) + column];
        expect_bits(p * stride + i * width + at, panels[p * stride + i * width + at], expected);
      }
    }
  }
  expect_gaps_untouched(panels, stride, panels_of(n), k * width);
  expect_neighbours_untouched();
}

// All heights and widths up to these, each element of which has the bits of its sum in order.
static void test_product(size_t most_m, size_t most_n, size_t k, float alpha, int accumulate, int special) {
  static float a_in[MOST * MOST], b_in[MOST * MOST], c_in[MOST * MOST], expected[MOST * MOST];
  fill_normal(a_in, most_m * k, 0, 1);
  fill_normal(b_in, k * most_n, 0, 1);
  fill_normal(c_in, most_m * most_n, 0, 1);
  if (special && k > 0) {
    a_in[(most_m / 2) * k + k - 1] = NAN;
    a_in[(most_m - 1) * k] = INFINITY;
    b_in[most_n - 1] = 0;
    b_in[(k - 1) * most_n] = -0x1p-149f;
  }
  begin_matrix("multiply_panels", most_m, most_n, k, "the sum in order itself");
  for (size_t i = 0; i < most_m; i++) {
    for (size_t j = 0; j < most_n; j++) {
      float sum = 0;
      double exact = accumulate ? (double)c_in[i * most_n + j] : 0;
      for (size_t at = 0; at < k; at++) {
        sum = multiply_add(a_in[i * k + at], b_in[at * most_n + j], sum);
        exact += (double)alpha * (double)a_in[i * k + at] * (double)b_in[at * most_n + j];
      }
      const float in_order = multiply_add(alpha, sum, accumulate ? c_in[i * most_n + j] : 0);
      if (!special) expect_within(i * most_n + j, (double)in_order, exact, 2e-6 * (double)k + 1e-6 * fabs(exact));
      expected[i * most_n + j] = in_order;
    }
  }
  const size_t width = cvm_panel_width();
  for (size_t n = 0; n <= most_n; n++) {
    const size_t gap = n % 3;
    for (size_t m = 0; m <= most_m; m++) {
      begin_matrix("multiply_panels", m, n, k, accumulate ? "accumulated" : "");
      float *a = matrix(0, m, k, gap), *b = matrix(1, k, n, gap), *panels = panels_for(2, n, k, gap);
      float *c = matrix(3, m, n, gap);
      for (size_t i = 0; i < k && n > 0; i++) memcpy(b + i * (n + gap), b_in + i * most_n, n * sizeof(float));
      for (size_t i = 0; i < m && k > 0; i++) memcpy(a + i * (k + gap), a_in + i * k, k * sizeof(float));
      // Else c is not read: the gap's NaN in it is overwritten.
      for (size_t i = 0; i < m && accumulate; i++) memcpy(c + i * (n + gap), c_in + i * most_n, n * sizeof(float));
      cvm_pack_panels(panels, k * width + gap, b, n + gap, n, k);
      cvm_multiply_panels(c, n + gap, a, k + gap, panels, k * width + gap, m, n, k, alpha, accumulate,
                          n % 2 ? b_in : NULL, n % 2 ? k * most_n : 0);
      for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) expect_bits(i * n + j, c[i * (n + gap) + j], expected[i * most_n + j]);
      }
      expect_gaps_untouched(c, n + gap, m, n);
      expect_neighbours_untouched();
    }
  }
}

// The sums of few rows, with b stored either way.
static void test_few(size_t m, size_t n, size_t k, int transposed, int accumulate) {
  const size_t gap = (m + n) % 3, rows = transposed ? n : k, columns = transposed ? k : n;
  begin_matrix(transposed ? "multiply_few, transposed" : "multiply_few", m, n, k, accumulate ? "accumulated" : "");
  float *a = matrix(0, m, k, gap), *b = matrix(1, rows, columns, gap), *c = matrix(2, m, n, gap);
  fill_rows(a, m, k, gap);
  fill_rows(b, rows, columns, gap);
  static float expected[CVM_HIGHEST_PANEL * MOST_FEW];
  for (size_t i = 0; i < m; i++) {
    // Else c is not read: the gap's NaN in it is overwritten.
    if (accumulate) fill_normal(c + i * (n + gap), n, 0, 1);
    for (size_t j = 0; j < n; j++) {
      float sum = 0;
      for (size_t at = 0; at < k; at++) {
        const float factor = transposed ? b[j * (k + gap) + at] : b[at * (n + gap) + j];
        sum = multiply_add(a[i * (k + gap) + at], factor, sum);
      }
      expected[i * n + j] = multiply_add(1, sum, accumulate ? c[i * (n + gap) + j] : 0);
    }
  }
  cvm_multiply_few(c, n + gap, a, k + gap, b, columns + gap, transposed, m, n, k, accumulate);
  for (size_t i = 0; i < m; i++) {
    for (size_t j = 0; j < n; j++) expect_bits(i * n + j, c[i * (n + gap) + j], expected[i * n + j]);
  }
  expect_gaps_untouched(c, n + gap, m, n);
  expect_neighbours_untouched();
}

void test_matrices(void) {
  for (size_t rows = 0; rows <= 22; rows++) {
    for (size_t columns = 0; columns <= 37; columns++) test_transpose(rows, columns, (rows + columns) % 3);
  }
  const size_t width = cvm_panel_width(), height = cvm_panel_height();
  for (size_t n = 0; n <= 2 * width + 3; n++) {
    for (size_t k = 0; k <= 37; k++) {
      test_packing(n, k, (n + k) % 3, 0);
      test_packing(n, k, (n + k) % 3, 1);
    }
  }
  const size_t few[] = {0, 1, 5, 32, 33, 70};
  for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
    for (size_t m = 0; m <= height; m++) {
      for (size_t n = 0; n <= 5 * width + 3; n += n == 2 * width + 3 ? width : 1) {
        for (int way = 0; way < 4; way++) test_few(m, n, few[i], way & 1, way & 2);
      }
    }
  }
  const size_t depths[] = {0, 1, 2, 5, 33};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    test_product(2 * height + 3, 2 * width + 3, depths[i], i == 3 ? 0.125f : 1, 0, i == 2);
    test_product(2 * height + 3, 2 * width + 3, depths[i], 1.5f, 1, 0);
  }
}
