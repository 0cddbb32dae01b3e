// Searches and counts over a row, and the sum of products.
#include <float.h>

#include "Support.h"

// Few distinct numbers, so that nearly every row has ties, and NaN at every fifth place.
static const float *row_with_ties(size_t n) {
  float *x = row(0, n);
  for (size_t i = 0; i < n; i++) x[i] = next_bits() % 5 == 0 ? NAN : (float)(int)uniform(-3, 3);
  return x;
}

static size_t first_at_least(const float *x, size_t n, float least) {
  size_t i = 0;
  while (i < n && !(x[i] >= least)) i++;
  return i;
}

static size_t argmax(const float *x, size_t n) {
  float most = -INFINITY;
  for (size_t i = 0; i < n; i++) most = x[i] > most ? x[i] : most;
  const size_t index = first_at_least(x, n, most);
  return index < n ? index : 0;
}

static void test_ties(size_t n) {
  const float bounds[] = {-INFINITY, -2, -0.0f, 0, 2, 2.5f, INFINITY, NAN};
  const float *x = row_with_ties(n);
  for (size_t kind = 0; kind < sizeof bounds / sizeof *bounds; kind++) {
    const float least = bounds[kind];
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += x[i] >= least;
    begin_row("count_at_least", n, "ties");
    expect_equal(0, cvm_count_at_least(x, n, least), count);
    begin_row("first_at_least", n, "ties");
    expect_equal(0, cvm_first_at_least(x, n, least), first_at_least(x, n, least));
  }
  if (n > 0) {
    begin_row("argmax", n, "ties");
    expect_equal(0, cvm_argmax(x, n), argmax(x, n));
  }
}

// One number at each place of an otherwise equal row.
static void test_places(size_t n) {
  const float bad[] = {NAN, -NAN, INFINITY, -INFINITY};
  const float finite[] = {FLT_MAX, -FLT_MAX, 0x1p-149f, -0.0f};
  float *x = row(0, n);
  begin_row("first_nonfinite", n, "");
  for (size_t i = 0; i < n; i++) x[i] = finite[i % 4];
  expect_equal(0, cvm_first_nonfinite(x, n), n);
  // Long rows: only the ends, and about the blocks.
  const size_t step = n <= 140 ? 1 : n / 7;
  for (size_t place = 0; place < n; place += step) {
    begin_row("first_nonfinite", n, "");
    for (int kind = 0; kind < 4; kind++) {
      for (size_t i = 0; i < n; i++) x[i] = i == place ? bad[kind] : finite[i % 4];
      expect_equal(place, cvm_first_nonfinite(x, n), place);
      x[n - 1] = NAN;
      expect_equal(place, cvm_first_nonfinite(x, n), place);
    }
    for (int kind = 0; kind < 2; kind++) {
      // Lower than all others is only what is no number.
      const float other = kind ? NAN : -INFINITY, peak = kind ? -5 : -FLT_MAX;
      for (size_t i = 0; i < n; i++) x[i] = i == place ? peak : other;
      begin_row("argmax", n, kind ? "among NaN" : "among -inf");
      expect_equal(place, cvm_argmax(x, n), place);
      begin_row("first_at_least", n, kind ? "among NaN" : "among -inf");
      expect_equal(place, cvm_first_at_least(x, n, peak), place);
      begin_row("count_at_least", n, kind ? "among NaN" : "among -inf");
      expect_equal(place, cvm_count_at_least(x, n, peak), 1);
    }
  }
  for (int kind = 0; kind < 2 && n > 0; kind++) {
    for (size_t i = 0; i < n; i++) x[i] = kind ? NAN : -INFINITY;
    begin_row("argmax", n, kind ? "NaN alone" : "-inf alone");
    expect_equal(0, cvm_argmax(x, n), 0);
  }
  expect_neighbours_untouched();
}

static void test_dot(size_t n) {
  static float a[LARGEST_ROW], b[LARGEST_ROW];
  begin_row("dot", n, "");
  fill_normal(a, n, 0, 1);
  fill_normal(b, n, 0, 1);
  double expected = 0;
  for (size_t i = 0; i < n; i++) expected += (double)a[i] * (double)b[i];
  const float *x = row_of(0, a, n);
  float *y = row_of(1, b, n);
  expect_within(0, cvm_dot(x, y, n), expected, 2e-5 * (n > 1000 ? (double)n / 1000 : 1));
  begin_row("dot", n, "a NaN");
  if (n > 0) {
    y[next_bits() % n] = NAN;
    expect(isnan(cvm_dot(x, y, n)), "a row with a NaN");
  }
  expect_neighbours_untouched();
}

void test_searches(void) {
  FOR_LENGTHS(n, row_length_count) {
    test_ties(n);
    test_places(n);
    test_dot(n);
  }
}
