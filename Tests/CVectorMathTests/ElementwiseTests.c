// Functions that treat each number of a row alike: their value, and that its bits depend on nothing else in the row.
#include <float.h>
#include <stdio.h>

#include "Support.h"

enum { POOL = 2048, MOST_ROWS = 4 };

struct elementwise {
  const char *name, *variant;
  // Rows that it takes, of which it changes the first `changed`.
  int rows, changed;
  void (*call)(float *const *rows, size_t n);
  // What becomes of one number of each row.
  void (*define)(const float *in, double *out);
  // Zero for a function whose definition rounded once is what is promised.
  double absolute, relative;
  // Only numbers of moderate size, zeros, subnormal ones and NaN: sums may overflow on the way.
  int moderate;
};

// The definitions.

static double sigmoid(double x) { return x > 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double distribution(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }
static double density(double x) { return 0.39894228040143267794 * exp(-x * x / 2); }
static double tanh_argument(double x) { return 1.5957691216057307 * (x + 0.044715 * x * x * x); }

// x gate(x), where the gate is 0 far below 0: -inf times that is 0.
#define GATED(x, gate) ((x) == -INFINITY ? 0 : (x) * (gate))

static double gelu_erf(double x) { return GATED(x, distribution(x)); }
static double gelu_tanh(double x) { return GATED(x, sigmoid(tanh_argument(x))); }
static double gelu_sigmoid(double x) { return GATED(x, sigmoid(1.702 * x)); }
static double relu(double x) { return x < 0 ? 0 : x; }
static double silu(double x) { return GATED(x, sigmoid(x)); }

// The slope of x gate(x); far from 0 that is the gate.
#define GATED_SLOPE(x, gate, slope) (fabs(x) > 200 ? ((x) > 0 ? 1 : 0) : (gate) + (x) * (slope))

static double sigmoid_slope(double x) { return sigmoid(x) * sigmoid(-x); }
static double gelu_erf_slope(double x) { return GATED_SLOPE(x, distribution(x), density(x)); }
static double gelu_tanh_slope(double x) {
  return GATED_SLOPE(
      x, sigmoid(tanh_argument(x)), sigmoid_slope(tanh_argument(x)) * 1.5957691216057307 * (1 + 3 * 0.044715 * x * x));
}
static double gelu_sigmoid_slope(double x) {
  return GATED_SLOPE(x, sigmoid(1.702 * x), 1.702 * sigmoid_slope(1.702 * x));
}
static double relu_slope(double x) { return isnan(x) ? x : x > 0; }
static double silu_slope(double x) { return GATED_SLOPE(x, sigmoid(x), sigmoid_slope(x)); }
static double tanh_slope(double x) { return 1 - tanh(x) * tanh(x); }

// For each function, what it does to rows and to one number of each.
#define ACTIVATION(NAME, OF)                                                                                   \
  static void call_##NAME(float *const *rows, size_t n) { cvm_bias_##NAME(rows[0], NULL, n); }                 \
  static void call_##NAME##_biased(float *const *rows, size_t n) { cvm_bias_##NAME(rows[0], rows[1], n); }     \
  static void define_##NAME(const float *in, double *out) { *out = OF(in[0]); }                                \
  static void define_##NAME##_biased(const float *in, double *out) { *out = OF((double)(float)(in[0] + in[1])); } \
  static void call_##NAME##_slope(float *const *rows, size_t n) { cvm_##NAME##_slope(rows[0], n); }            \
  static void define_##NAME##_slope(const float *in, double *out) { *out = NAME##_slope(in[0]); }

ACTIVATION(gelu_erf, gelu_erf)
ACTIVATION(gelu_tanh, gelu_tanh)
ACTIVATION(gelu_sigmoid, gelu_sigmoid)
ACTIVATION(relu, relu)
ACTIVATION(silu, silu)
ACTIVATION(tanh, tanh)

static void call_add(float *const *rows, size_t n) { cvm_add(rows[0], rows[1], n); }
static void define_add(const float *in, double *out) { *out = (double)in[0] + (double)in[1]; }

static void call_residual(float *const *rows, size_t n) { cvm_bias_residual(rows[0], NULL, rows[1], n); }
static void call_residual_biased(float *const *rows, size_t n) { cvm_bias_residual(rows[0], rows[1], rows[2], n); }
static void define_residual_biased(const float *in, double *out) {
  *out = (double)(float)(in[0] + in[1]) + (double)in[2];
}

static void call_multiply(float *const *rows, size_t n) { cvm_multiply(rows[0], rows[1], n); }
static void define_multiply(const float *in, double *out) { *out = (double)in[0] * (double)in[1]; }

static void call_add_product(float *const *rows, size_t n) { cvm_add_product(rows[0], rows[1], rows[2], n); }
static void define_add_product(const float *in, double *out) { *out = multiply_add(in[1], in[2], in[0]); }

static const float offset = 0.75f;
static void call_softmax_derivative(float *const *rows, size_t n) {
  cvm_softmax_derivative(rows[0], rows[1], offset, n);
}
static void define_softmax_derivative(const float *in, double *out) {
  *out = (double)in[1] * (double)(float)(in[0] - offset);
}

static const struct cvm_adamw adamw = {0.7f, 0.1f, 0.999f, 0.001f, 0.999f, 0.01f, 1.2f, 1e-8f};
static void call_adamw(float *const *rows, size_t n) { cvm_adamw_step(rows[0], rows[1], rows[2], rows[3], &adamw, n); }
static void define_adamw(const float *in, double *out) {
  const double g = (double)in[3] * (double)adamw.gradient_scale;
  out[1] = in[1] + (double)adamw.mean_rate * (g - in[1]);
  out[2] = (double)adamw.square_decay * in[2] + (double)adamw.square_rate * g * g;
  out[0] = (double)adamw.keep * in[0] -
           (double)adamw.step * out[1] / ((double)adamw.root_scale * sqrt(out[2]) + (double)adamw.epsilon);
}

// With the bounds of docs/numerics.md.
#define ACTIVATION_CASES(NAME, ABSOLUTE, RELATIVE)                                                    \
  {#NAME, "", 1, 1, call_##NAME, define_##NAME, ABSOLUTE, RELATIVE, 0},                               \
  {#NAME, "with a bias", 2, 1, call_##NAME##_biased, define_##NAME##_biased, ABSOLUTE, RELATIVE, 0}
#define SLOPE_CASE(NAME, ABSOLUTE) {#NAME, "", 1, 1, call_##NAME, define_##NAME, ABSOLUTE, 0, 0}

static const struct elementwise functions[] = {
    ACTIVATION_CASES(gelu_erf, 6e-39, 4.5e-7),
    ACTIVATION_CASES(gelu_tanh, 6e-9, 4.5e-7),
    ACTIVATION_CASES(gelu_sigmoid, 1e-11, 7.5e-7),
    ACTIVATION_CASES(relu, 0, 0),
    ACTIVATION_CASES(silu, 1.2e-36, 3e-7),
    ACTIVATION_CASES(tanh, 0, 1.8e-7),
    SLOPE_CASE(gelu_erf_slope, 6e-7),
    SLOPE_CASE(gelu_tanh_slope, 6e-7),
    SLOPE_CASE(gelu_sigmoid_slope, 6e-7),
    SLOPE_CASE(relu_slope, 0),
    SLOPE_CASE(silu_slope, 6e-7),
    SLOPE_CASE(tanh_slope, 6e-7),
    {"add", "", 2, 1, call_add, define_add, 0, 0, 0},
    {"bias_residual", "", 2, 1, call_residual, define_add, 0, 0, 0},
    {"bias_residual", "with a bias", 3, 1, call_residual_biased, define_residual_biased, 0, 0, 0},
    {"multiply", "", 2, 1, call_multiply, define_multiply, 0, 0, 0},
    {"add_product", "", 3, 1, call_add_product, define_add_product, 0, 0, 0},
    {"softmax_derivative", "", 2, 1, call_softmax_derivative, define_softmax_derivative, 0, 0, 0},
    {"adamw_step", "", 4, 3, call_adamw, define_adamw, 1e-6, 1e-6, 1},
};

static const float specials[] = {
    // Moderate ones.
    0, -0.0f, NAN, -NAN, 0x1p-149f, -0x1p-149f, FLT_MIN / 64, -FLT_MIN / 64, FLT_MIN, -FLT_MIN,
    // The others, also where exponentials end and gates are cut.
    INFINITY, -INFINITY, FLT_MAX, -FLT_MAX, 1e10f, -1e10f, 15, -15, 87.33f, -87.33f, 87.34f, -87.34f, 88, -88,
    100, -100, 103.98f, -103.98f, 120, -120};
enum { MODERATE_SPECIALS = 10, SPECIALS = sizeof specials / sizeof *specials };

// Numbers of about the size of activations, wide ones, and special ones; with more than one row, in all combinations.
static void fill_pool(const struct elementwise *function, float pool[MOST_ROWS][POOL]) {
  const size_t special = function->moderate ? MODERATE_SPECIALS : SPECIALS;
  for (int r = 0; r < function->rows; r++) {
    for (size_t i = 0; i < POOL; i++) {
      const uint64_t kind = next_bits() % 8;
      pool[r][i] = kind == 0                          ? specials[next_bits() % special]
                   : kind == 1 && !function->moderate ? (float)uniform(-120, 120)
                                                      : normal(0, 3);
    }
  }
  if (function->rows == 1) memcpy(pool[0], specials, special * sizeof(float));
  if (function->call == call_adamw) {
    for (size_t i = 0; i < POOL; i++) pool[2][i] = fabsf(pool[2][i]);
  }
}

static void test_function(const struct elementwise *function) {
  static float pool[MOST_ROWS][POOL], alone[MOST_ROWS][POOL];
  fill_pool(function, pool);
  float *rows[MOST_ROWS] = {0};
  // The value of each, by itself.
  for (size_t i = 0; i < POOL; i++) {
    static char variant[64];
    const char *comma = *function->variant ? ", " : "";
    snprintf(variant, sizeof variant, "%s%sof %.9g", function->variant, comma, (double)pool[0][i]);
    begin_row(function->name, 1, variant);
    float in[MOST_ROWS];
    double out[MOST_ROWS];
    for (int r = 0; r < function->rows; r++) {
      in[r] = pool[r][i];
      rows[r] = row_of(r, &in[r], 1);
    }
    function->define(in, out);
    function->call(rows, 1);
    for (int r = 0; r < function->changed; r++) {
      alone[r][i] = rows[r][0];
      if (function->absolute == 0 && function->relative == 0) {
        expect_bits(0, rows[r][0], (float)out[r]);
      } else {
        // Where Float32 has no number, the nearest is the infinity.
        const double nearest = isfinite((float)out[r]) ? out[r] : (double)(float)out[r];
        expect_within(0, (double)rows[r][0], nearest, function->absolute + function->relative * fabs(out[r]));
      }
    }
    expect_neighbours_untouched();
  }
  // The same bits in rows of every length, at different indices.
  FOR_LENGTHS(n, short_row_length_count) {
    for (int turn = 0; turn < 2; turn++) {
      const size_t first = next_bits() % (POOL - n);
      begin_row(function->name, n, function->variant);
      for (int r = 0; r < function->rows; r++) rows[r] = row_of(r, pool[r] + first, n);
      function->call(rows, n);
      for (int r = 0; r < function->rows; r++) {
        for (size_t i = 0; i < n; i++) {
          expect_bits(i, rows[r][i], r < function->changed ? alone[r][first + i] : pool[r][first + i]);
        }
      }
      expect_neighbours_untouched();
    }
  }
}

// Every 1/80 from -120 to 120.
static void test_whole_range(const struct elementwise *function) {
  enum { COUNT = 19201 };
  begin_row(function->name, COUNT, "the whole range");
  float *x = row(0, COUNT);
  for (int i = 0; i < COUNT; i++) x[i] = (float)(i - COUNT / 2) / 80;
  function->call(&x, COUNT);
  for (int i = 0; i < COUNT; i++) {
    const float in = (float)(i - COUNT / 2) / 80;
    double out;
    function->define(&in, &out);
    expect_within((size_t)i, (double)x[i], out, function->absolute + function->relative * fabs(out));
  }
  expect_neighbours_untouched();
}

void test_elementwise(void) {
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    const struct elementwise *function = &functions[i];
    test_function(function);
    if (function->rows == 1 && (function->absolute > 0 || function->relative > 0)) test_whole_range(function);
  }
}
