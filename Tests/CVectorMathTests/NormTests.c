// Layer norm and its derivative, against their definitions in double.
#include "Support.h"

enum { X, BIAS, RESIDUAL, GAIN, SHIFT, Y, STREAM };

struct inputs {
  float x[LARGEST_ROW], bias[LARGEST_ROW], residual[LARGEST_ROW], gain[LARGEST_ROW], shift[LARGEST_ROW];
};

static struct inputs in;

static double define_standardized(const float *x, size_t n, float epsilon, double *out) {
  double mean = 0, variance = 0;
  for (size_t i = 0; i < n; i++) mean += (double)x[i] / (double)n;
  for (size_t i = 0; i < n; i++) variance += ((double)x[i] - mean) * ((double)x[i] - mean) / (double)n;
  const double scale = 1 / sqrt(variance + (double)epsilon);
  for (size_t i = 0; i < n; i++) out[i] = ((double)x[i] - mean) * scale;
  return scale;
}

static void expect_all_within(const float *found, const double *expected, size_t n, double bound) {
  for (size_t i = 0; i < n; i++) expect_within(i, (double)found[i], expected[i], bound);
}

static void test_values(size_t n, double mean, double deviation, float epsilon) {
  static double expected[LARGEST_ROW];
  fill_normal(in.x, n, mean, deviation);
  for (size_t i = 0; i < n; i++) {
    in.gain[i] = (float)uniform(0.5, 1.5);
    in.shift[i] = normal(0, 0.1);
  }
  const float *gain = row_of(GAIN, in.gain, n), *shift = row_of(SHIFT, in.shift, n);
  const double scale = define_standardized(in.x, n, epsilon, expected);

  begin_row("standardize", n, "");
  const double bound = 3e-7 * largest_magnitude(expected, n);
  float *x = row_of(X, in.x, n), *y = row(Y, n);
  const float found = cvm_standardize(y, x, epsilon, n);
  if (n > 0) expect_within(0, (double)found, scale, 1e-6 * scale);
  expect_all_within(y, expected, n, bound);
  begin_row("standardize", n, "in place");
  expect_bits(0, cvm_standardize(x, x, epsilon, n), found);
  for (size_t i = 0; i < n; i++) expect_bits(i, x[i], y[i]);
  expect_neighbours_untouched();

  begin_row("layer_norm", n, "");
  for (size_t i = 0; i < n; i++) expected[i] = expected[i] * (double)in.gain[i] + (double)in.shift[i];
  gain = row_of(GAIN, in.gain, n);
  shift = row_of(SHIFT, in.shift, n);
  x = row_of(X, in.x, n);
  y = row(Y, n);
  cvm_layer_norm(y, x, gain, shift, epsilon, n);
  expect_all_within(y, expected, n, 3e-7 * largest_magnitude(expected, n));
  begin_row("layer_norm", n, "in place");
  cvm_layer_norm(x, x, gain, shift, epsilon, n);
  for (size_t i = 0; i < n; i++) expect_bits(i, x[i], y[i]);
  expect_neighbours_untouched();
}

// The fused forms have the bits of the two steps.
static void test_fused(size_t n, int biased) {
  fill_normal(in.x, n, 0, 1);
  fill_normal(in.bias, n, 0, 1);
  fill_normal(in.residual, n, 3, 1);
  fill_normal(in.gain, n, 1, 0.2);
  fill_normal(in.shift, n, 0, 1);
  const float *bias = row_of(BIAS, in.bias, n), *residual = row_of(RESIDUAL, in.residual, n);
  const float *gain = row_of(GAIN, in.gain, n), *shift = row_of(SHIFT, in.shift, n);
  if (!biased) bias = NULL;
  static float sums[LARGEST_ROW], norms[LARGEST_ROW];
  memcpy(sums, in.x, n * sizeof *sums);
  cvm_bias_residual(sums, bias, residual, n);
  cvm_layer_norm(norms, sums, gain, shift, 1e-5f, n);

  const char *how = biased ? "with a bias" : "";
  begin_row("bias_residual_layer_norm", n, how);
  float *x = row_of(X, in.x, n), *y = row(Y, n), *stream = row_of(STREAM, in.x, n);
  cvm_bias_residual_layer_norm(x, bias, residual, gain, shift, 1e-5f, n);
  for (size_t i = 0; i < n; i++) expect_bits(i, x[i], norms[i]);
  begin_row("bias_residual_then_layer_norm", n, how);
  cvm_bias_residual_then_layer_norm(y, stream, bias, residual, gain, shift, 1e-5f, n);
  for (size_t i = 0; i < n; i++) {
    expect_bits(i, stream[i], sums[i]);
    expect_bits(i, y[i], norms[i]);
  }
  expect_neighbours_untouched();
}

// Equal numbers become the shift; a NaN or an infinity anywhere makes the row NaN.
static void test_constant_and_bad(size_t n) {
  const float bad[] = {NAN, INFINITY, -INFINITY};
  float *x = row(X, n), *y = row(Y, n), *gain = row(GAIN, n), *shift = row(SHIFT, n);
  for (size_t i = 0; i < n; i++) {
    x[i] = 1000.1f;
    gain[i] = 1;
    shift[i] = 0.5f;
  }
  begin_row("layer_norm", n, "equal numbers");
  cvm_layer_norm(y, x, gain, shift, 1e-12f, n);
  for (size_t i = 0; i < n; i++) expect_within(i, (double)y[i], 0.5, 1e-5 * 0.5);
  for (size_t place = 0; place < n; place++) {
    const float good = x[place];
    x[place] = bad[place % 3];
    begin_row("layer_norm", n, "not finite");
    cvm_layer_norm(y, x, gain, shift, 1e-5f, n);
    for (size_t i = 0; i < n; i++) expect_bits(i, y[i], NAN);
    begin_row("standardize", n, "not finite");
    cvm_standardize(y, x, 1e-5f, n);
    for (size_t i = 0; i < n; i++) expect_bits(i, y[i], NAN);
    x[place] = good;
  }
  expect_neighbours_untouched();
}

static void test_derivative(size_t n, int has_before, int has_after) {
  static float v_in[LARGEST_ROW], before_in[LARGEST_ROW], after_in[LARGEST_ROW], standardized[LARGEST_ROW];
  static double expected[LARGEST_ROW];
  fill_normal(in.x, n, 3, 2);
  fill_normal(v_in, n, 0, 1);
  fill_normal(before_in, n, 0, 1);
  fill_normal(after_in, n, 0, 1);
  const float scale = cvm_standardize(standardized, in.x, 1e-5f, n);
  double mean = 0, slope = 0, largest = 0;
  for (size_t i = 0; i < n; i++) {
    expected[i] = (double)v_in[i] * (has_before ? (double)before_in[i] : 1);
    mean += expected[i] / (double)n;
    slope += expected[i] * (double)standardized[i] / (double)n;
  }
  for (size_t i = 0; i < n; i++) {
    const double factor = (double)scale * (has_after ? (double)after_in[i] : 1);
    // What is subtracted nearly cancels in a row of one or two numbers.
    largest = fmax(largest, fabs(expected[i] * factor));
    expected[i] = (expected[i] - mean - slope * (double)standardized[i]) * factor;
  }
  const double bound = 5e-6 * fmax(largest, largest_magnitude(expected, n));

  const char *const factors[] = {"", "before", "after", "before, after"};
  begin_row("standardize_derivative", n, factors[has_before + 2 * has_after]);
  float *v = row_of(0, v_in, n), *out = row(4, n);
  const float *before = row_of(1, before_in, n), *after = row_of(2, after_in, n), *s = row_of(3, standardized, n);
  if (!has_before) before = NULL;
  if (!has_after) after = NULL;
  cvm_standardize_derivative(out, v, before, after, s, scale, n);
  expect_all_within(out, expected, n, bound);
  cvm_standardize_derivative(v, v, before, after, s, scale, n);
  for (size_t i = 0; i < n; i++) expect_bits(i, v[i], out[i]);
  expect_neighbours_untouched();
}

void test_norms(void) {
  const double moments[][2] = {{0, 1}, {1000, 1}, {-1e6, 10}, {0, 1e-4}, {3, 1e5}};
  FOR_LENGTHS(n, row_length_count) {
    const size_t kinds = n <= 1000 ? sizeof moments / sizeof *moments : 2;
    for (size_t kind = 0; kind < kinds; kind++) {
      test_values(n, moments[kind][0], moments[kind][1], (n + kind) % 2 ? 1e-5f : 1e-12f);
    }
    for (int kind = 0; kind < 4; kind++) test_derivative(n, kind & 1, kind >> 1);
    test_fused(n, 0);
    test_fused(n, 1);
    if (n <= 140) test_constant_and_bad(n);
  }
}
