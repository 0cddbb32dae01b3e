// Softmax, log-sum-exp and the sums behind entropy, against their definitions in double.
#include <float.h>

#include "Support.h"

// `-inf` and numbers that count as 0 among the others, at a third of the places.
static void mask(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const uint64_t kind = next_bits() % 6;
    if (kind == 0) x[i] = -INFINITY;
    if (kind == 1) x[i] = -FLT_MAX;
  }
}

static double most_of(const float *x, size_t n) {
  double most = -INFINITY;
  for (size_t i = 0; i < n; i++) most = fmax(most, (double)x[i]);
  return most;
}

static void test_softmax_values(size_t n, double mean, double deviation, float scale, int masked) {
  static float values[LARGEST_ROW];
  static double expected[LARGEST_ROW];
  begin_row("softmax", n, masked ? "masked" : "");
  fill_normal(values, n, mean, deviation);
  if (masked) {
    mask(values, n);
    if (n > 0) values[next_bits() % n] = (float)mean;
  }
  float *x = row_of(0, values, n);
  const double most = most_of(values, n);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += expected[i] = exp((double)scale * ((double)values[i] - most));
  for (size_t i = 0; i < n; i++) expected[i] /= sum;
  const double bound = 4e-7 * largest_magnitude(expected, n);
  cvm_softmax(x, scale, n);
  for (size_t i = 0; i < n; i++) {
    if ((double)scale * ((double)values[i] - most) < -87.34) {
      expect_bits(i, x[i], 0);
    } else {
      expect_within(i, (double)x[i], expected[i], bound);
    }
  }
  expect_neighbours_untouched();
}

// Two numbers, of which the lower has the weight exp of their distance: 2 units in the last place, and 0 for what would
// be subnormal.
static void test_exponential(void) {
  begin_row("softmax", 2, "two numbers");
  for (int i = 0; i < 4400; i++) {
    const float distance = -18 - (float)i / 50;
    const float two[] = {0, distance};
    float *x = row_of(0, two, 2);
    cvm_softmax(x, 1, 2);
    expect_bits(0, x[0], 1);
    if (distance < -87.34f) {
      expect_bits(1, x[1], 0);
    } else if (distance > -87.32f) {
      expect_within(1, (double)x[1], exp((double)distance), exp((double)distance) * 0x1p-23);
    }
  }
  expect_neighbours_untouched();
}

// One number at each place of an otherwise equal row.
static void test_specials(size_t n) {
  const float bad[] = {NAN, INFINITY, -NAN};
  static double sums[3];
  for (size_t place = 0; place < n; place++) {
    for (int kind = 0; kind < 3; kind++) {
      begin_row("softmax", n, kind == 1 ? "an infinity" : "a NaN");
      float *x = row(0, n);
      for (size_t i = 0; i < n; i++) x[i] = i == place ? bad[kind] : i % 3 ? 1 : -INFINITY;
      begin_row("log_sum_exp", n, kind == 1 ? "an infinity" : "a NaN");
      expect_bits(place, cvm_log_sum_exp(x, n), bad[kind]);
      begin_row("softmax", n, kind == 1 ? "an infinity" : "a NaN");
      cvm_softmax(x, 0.5f, n);
      for (size_t i = 0; i < n; i++) expect_bits(i, x[i], NAN);
    }
    begin_row("log_sum_exp", n, "one number");
    float *x = row(0, n);
    for (size_t i = 0; i < n; i++) x[i] = i == place ? -2.5f : -INFINITY;
    expect_bits(place, cvm_log_sum_exp(x, n), -2.5f);
    begin_row("softmax", n, "one number");
    cvm_softmax(x, 0.5f, n);
    for (size_t i = 0; i < n; i++) expect_bits(i, x[i], i == place);
    begin_row("softmax_sums", n, "a NaN");
    for (size_t i = 0; i < n; i++) x[i] = i == place ? NAN : 1;
    cvm_softmax_sums(x, NULL, NULL, 1, n, sums);
    expect(isnan(sums[0]) && isnan(sums[1]) && sums[2] == 0, "the sums of a row with a NaN");
  }
  expect_neighbours_untouched();
  begin_row("log_sum_exp", n, "-inf alone");
  float *x = row(0, n);
  for (size_t i = 0; i < n; i++) x[i] = -INFINITY;
  expect_bits(0, cvm_log_sum_exp(x, n), -INFINITY);
  begin_row("softmax", n, "-inf alone");
  cvm_softmax(x, 1, n);
  for (size_t i = 0; i < n; i++) expect_bits(i, x[i], NAN);
  expect_neighbours_untouched();
}

static void test_log_sum_exp(size_t n, double mean, double deviation) {
  static float values[LARGEST_ROW];
  begin_row("log_sum_exp", n, "");
  fill_normal(values, n, mean, deviation);
  const float *x = row_of(0, values, n);
  const double most = most_of(values, n);
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += exp((double)values[i] - most);
  const double expected = n == 0 ? -INFINITY : most + log(sum);
  expect_within(0, (double)cvm_log_sum_exp(x, n), expected, 1e-7 + 1e-7 * fabs(expected));
  expect_neighbours_untouched();
}

// `above`: how far `most` is above the largest number.
static void test_sums(size_t n, int weighted, int written, float above) {
  static float values[LARGEST_ROW], factors[LARGEST_ROW];
  begin_row("softmax_sums", n, weighted ? written ? "weights, exponents" : "weights" : written ? "exponents" : "");
  fill_normal(values, n, 0, 5);
  for (size_t i = 0; i < n; i++) factors[i] = (float)uniform(0, 1);
  const float most = n > 0 ? (float)most_of(values, n) + above : 0;
  const float *x = row_of(0, values, n);
  const float *weights = row_of(1, factors, n);
  float *exponents = row(2, n);
  double sums[3] = {-1, -1, -1}, expected[3] = {0};
  cvm_softmax_sums(x, weighted ? weights : NULL, written ? exponents : NULL, most, n, sums);
  for (size_t i = 0; i < n; i++) {
    const double gap = (double)values[i] - (double)most;
    expected[0] += exp(gap);
    expected[1] += exp(gap) * gap;
    if (weighted) expected[2] += (double)factors[i] * gap;
    if (written) {
      expect_within(i, (double)exponents[i], exp(gap), 1e-7 + 2e-6 * exp(gap));
    } else {
      expect_bits(i, exponents[i], NAN);
    }
  }
  for (size_t i = 0; i < 3; i++) expect_within(i, sums[i], expected[i], 1e-6 + 2e-6 * fabs(expected[i]));
  expect_neighbours_untouched();
}

void test_softmax(void) {
  test_exponential();
  FOR_LENGTHS(n, row_length_count) {
    const int is_short = n <= 1000;
    test_softmax_values(n, 0, 1, 1, 0);
    test_softmax_values(n, 0, 3, 0.125f, 1);
    test_log_sum_exp(n, 0, 1);
    test_log_sum_exp(n, 1000, 1);
    for (int kind = 0; kind < 4; kind++) test_sums(n, kind & 1, kind >> 1, is_short && kind == 3);
    if (!is_short) continue;
    test_softmax_values(n, 1000, 1, 1, 0);
    test_softmax_values(n, 0, 30, 1, 0);
    test_log_sum_exp(n, -1e6, 100);
    test_log_sum_exp(n, 0, 30);
    if (n <= 140) test_specials(n);
  }
}
