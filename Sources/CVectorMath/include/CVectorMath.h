#ifndef GRAFT_CVECTORMATH_H
#define GRAFT_CVECTORMATH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Every function works on one row of n contiguous float32 values; n may be any size including 0. No alignment is
// needed, but rows that start on 64 bytes are up to 1.7 times as fast. Arguments that are said to be in place, or that
// "may be" each other, may alias; others must not overlap.
// Elementwise functions give an element the same bits whatever its index and n. NaN in gives NaN out; nothing traps.
// An exponential below exp(-87.33) = 1.2e-38, which would be subnormal, counts as 0.

// Instruction sets, in order of preference.
enum cvm_path { CVM_PORTABLE = 0, CVM_NEON = 1, CVM_AVX2 = 2, CVM_AVX512 = 3 };

// The path the calling thread uses: the best the processor has, unless forced.
enum cvm_path cvm_active_path(void);
// 1 if this processor and build can run the path.
int cvm_path_available(enum cvm_path path);
// Forces a path for the whole process (for comparing processors). Returns 0, or -1 if not available.
int cvm_force_path(enum cvm_path path);
// Opaque: a thread's own choice of path, NULL for none.
struct cvm_kernels;
// Makes this thread alone use the path, whatever the process uses. Returns 0, or -1 if not available.
// *previous, if that succeeds, is for cvm_restore_thread_path.
int cvm_use_path_on_thread(enum cvm_path path, const struct cvm_kernels **previous);
void cvm_restore_thread_path(const struct cvm_kernels *previous);

// x[i] += bias[i]
void cvm_add(float *x, const float *bias, size_t n);
// x[i] = act(x[i] + bias[i]); bias may be NULL (treated as 0). With the largest error measured.
// 0.5 x (1 + erf(x / sqrt 2)): relative 4.5e-7 for any sign of x.
void cvm_bias_gelu_erf(float *x, const float *bias, size_t n);
// 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): relative 4.5e-7 plus 6e-9 absolute.
void cvm_bias_gelu_tanh(float *x, const float *bias, size_t n);
// x sigmoid(1.702 x), "quick_gelu": relative 7.5e-7 plus 1e-11 absolute.
void cvm_bias_gelu_sigmoid(float *x, const float *bias, size_t n);
// max(x, 0)
void cvm_bias_relu(float *x, const float *bias, size_t n);
// x sigmoid(x): relative 2.1e-7.
void cvm_bias_silu(float *x, const float *bias, size_t n);
// Relative 1.6e-7.
void cvm_bias_tanh(float *x, const float *bias, size_t n);
// x[i] = (x[i] + bias[i]) + residual[i]; bias may be NULL.
void cvm_bias_residual(float *x, const float *bias, const float *residual, size_t n);
// y = (x - mean) / sqrt(variance + epsilon) * gain + shift; variance is the biased one. y may be x.
// Statistics are exact to float32 rounding also for a row with a large common offset.
void cvm_layer_norm(float *y, const float *x, const float *gain, const float *shift, float epsilon, size_t n);
// x = layer_norm((x + bias) + residual), in one pass over memory; bias may be NULL. Equal bit for bit to
// cvm_bias_residual followed by cvm_layer_norm on the same path.
void cvm_bias_residual_layer_norm(float *x, const float *bias, const float *residual, const float *gain,
                                  const float *shift, float epsilon, size_t n);
// (x + bias) + residual is written to x, its layer norm to y; bias may be NULL (GPT-2: residual stream and next norm).
void cvm_bias_residual_then_layer_norm(float *y, float *x, const float *bias, const float *residual,
                                       const float *gain, const float *shift, float epsilon, size_t n);
// x[i] = exp(scale x[i] - max(scale x)) / sum, in place. scale > 0. An entry of -inf gets weight exactly 0; a row with
// NaN or +inf, or of -inf alone, becomes NaN throughout.
void cvm_softmax(float *x, float scale, size_t n);
// log(sum(exp(x[i]))), stable; -inf for n = 0 or a row of -inf, +inf if one entry is, NaN if one entry is.
float cvm_log_sum_exp(const float *x, size_t n);
// With e[i] = exp(x[i] - most), most >= every x[i]: sums[0] = sum e, sums[1] = sum e (x - most), and, if `weights` is not
// NULL, sums[2] = sum weights (x - most), else 0. Writes e to `exponents` unless that is NULL. The two must not overlap.
void cvm_softmax_sums(const float *x, const float *weights, float *exponents, float most, size_t n, double *sums);
// How many values are >= least; NaN is not.
size_t cvm_count_at_least(const float *x, size_t n, float least);
// Largest value's index, lowest index on ties; NaN is never the largest; 0 if all are NaN. n > 0.
size_t cvm_argmax(const float *x, size_t n);
// Index of the first value >= least, NaN passed over; n if there is none.
size_t cvm_first_at_least(const float *x, size_t n, float least);
// Index of the first NaN or infinity; n if there is none.
size_t cvm_first_nonfinite(const float *x, size_t n);

// x[i] = act'(x[i]), the slope of an activation; relu's at 0 is 0. Absolute errors below 6e-7.
void cvm_gelu_erf_slope(float *x, size_t n);
void cvm_gelu_tanh_slope(float *x, size_t n);
void cvm_gelu_sigmoid_slope(float *x, size_t n);
void cvm_relu_slope(float *x, size_t n);
void cvm_silu_slope(float *x, size_t n);
void cvm_tanh_slope(float *x, size_t n);
// x[i] *= factor[i]
void cvm_multiply(float *x, const float *factor, size_t n);
// x[i] += a[i] b[i]
void cvm_add_product(float *x, const float *a, const float *b, size_t n);
// sum a[i] b[i]
double cvm_dot(const float *a, const float *b, size_t n);
// x[i] = weights[i] (x[i] - offset): the derivative of a softmax, in either direction.
void cvm_softmax_derivative(float *x, const float *weights, float offset, size_t n);
// y = (x - mean) / sqrt(variance + epsilon), as cvm_layer_norm has it; returns 1 / sqrt(variance + epsilon). y may be x.
float cvm_standardize(float *y, const float *x, float epsilon, size_t n);
// out = after P(before v) with P(u) = scale (u - mean(u) - s mean(u s)), the derivative of the function that made s,
// which is its own transpose. NULL for a factor of 1. out may be v.
void cvm_standardize_derivative(float *out, const float *v, const float *before, const float *after,
                                const float *standardized, float scale, size_t n);
// to, [columns, rows], = the transposed of from, [rows, columns].
void cvm_transpose(float *to, size_t to_stride, const float *from, size_t from_stride, size_t rows, size_t columns);
// With g = gradient gradient_scale: mean += mean_rate (g - mean), square = square_decay square + square_rate g^2,
// x = keep x - step mean / (root_scale sqrt(square) + epsilon).
struct cvm_adamw {
  float gradient_scale, mean_rate, square_decay, square_rate, keep, step, root_scale, epsilon;
};
void cvm_adamw_step(float *x, float *mean, float *square, const float *gradient, const struct cvm_adamw *c, size_t n);

// Products with a right factor b, [k, n], packed in panels of cvm_panel_width() columns, the last one filled up with
// zeros. A panel holds its columns' numbers for row 0, then for row 1...; panel p starts at panels + p * panel_stride,
// panel_stride >= k times the width. The width depends on the path: pack and multiply on the same one.
size_t cvm_panel_width(void);
#define CVM_WIDEST_PANEL 32
// Rows of a left factor that are multiplied with a panel at once.
size_t cvm_panel_height(void);
#define CVM_HIGHEST_PANEL 14
// b stored [k, n], rows b_stride apart.
void cvm_pack_panels(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k);
// b stored [n, k], rows b_stride apart.
void cvm_pack_panels_transposed(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                size_t k);
// c = alpha a b, or c += alpha a b if `accumulate`; a is [m, k], c is [m, n], b the first k rows and n columns of what
// was packed. A sum runs over k in order, so an element's bits depend on its row of a and column of b alone. Meanwhile
// `soon_count` numbers at `soon`, which are read next, are brought into the second-level cache; NULL for none.
void cvm_multiply_panels(float *c, size_t c_stride, const float *a, size_t a_stride, const float *panels,
                         size_t panel_stride, size_t m, size_t n, size_t k, float alpha, int accumulate,
                         const float *soon, size_t soon_count);
// The same for at most cvm_panel_height() rows of a, alpha 1 and a b that is not packed: stored [k, n], or [n, k] if
// `transposed`, rows b_stride apart.
void cvm_multiply_few(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_stride,
                      int transposed, size_t m, size_t n, size_t k, int accumulate);

// Products in double. Both factors are packed: a in panels of cvm_panel_height() rows, b in panels of
// cvm_double_panel_width() columns, the last one of each filled up with zeros. A panel holds its lines' numbers for the
// first step of the sums, then for the second...
size_t cvm_double_panel_width(void);
// c = a b, or c += a b if `accumulate`, of the first `rows` rows of one panel of a and the first n columns of b, whose
// panels are b_panel_stride apart. A sum runs over the k steps in order, in the same way on every path that has a fused
// multiply-add, so an element's bits depend on its row of a and column of b alone.
void cvm_multiply_double_panels(double *c, size_t c_stride, const double *a, size_t rows, const double *b,
                                size_t b_panel_stride, size_t n, size_t k, int accumulate);

// Products of bfloat16 numbers, summed in float32. Two numbers, of an even and the next odd step of the sum, lie side by
// side in 32 bits, the first in the lower half; a missing last one is 0. A sum adds the odd step's product first, each
// with one rounding; the bits are those of every path with a fused multiply-add. But where the processor rounds and
// multiplies pairs itself (1 from cvm_has_bf16), subnormal factors and sums, though not c, are 0 of the same sign.
int cvm_has_bf16(void);
// The upper halves of n numbers, rounded to nearest, ties to even; NaN stays NaN, and is quiet. A subnormal number
// becomes 0 of the same sign where cvm_has_bf16() is 1.
void cvm_round_bf16(uint16_t *to, const float *from, size_t n);
// b, stored [k, n] or [n, k], rounded and packed like float32 panels, with a pair in place of two rows.
void cvm_pack_bf16_panels(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k);
void cvm_pack_bf16_panels_transposed(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                     size_t k);
// c = a b, or c += a b if `accumulate`; a is [m, pairs], rows a_stride apart.
void cvm_multiply_bf16_panels(float *c, size_t c_stride, const uint32_t *a, size_t a_stride, const uint32_t *panels,
                              size_t panel_stride, size_t m, size_t n, size_t pairs, int accumulate,
                              const uint32_t *soon, size_t soon_count);

// Looking for large sums in a product of float32, of which no more is made than it takes to see that a sum is too small.
struct cvm_reach {
  // k, and how many rests there are of each row and column.
  size_t size, places;
  // Where a tile is looked at: after ends[check] steps, rising, the last one k; and which of the rests counts there.
  size_t checks;
  const size_t *ends, *rests;
};
// Rows of `a` that one call takes: at least 1, at most cvm_panel_height().
// The first panel from `first` on, before `end`, of which some sum with the `rows` rows of a, [rows, k], may reach
// `least`; its sums are then in c, [rows, panel width]. `end` if there is none, and c is undefined.
// a_rests is [rows, places]; panel_rests are a matrix of columns times places packed like the panels. A rest's two
// factors, multiplied, are at least what the steps from its place on add to a sum; they are 0 for the last check.
// passes, unless NULL, counts for each check the tiles that passed it.
size_t cvm_reach_panels(float *c, const float *a, const float *a_rests, size_t rows, const float *panels,
                        const float *panel_rests, size_t first, size_t end, const struct cvm_reach *plan, float least,
                        size_t *passes);

// What a block of 16 bytes is multiplied by when it moves over a distance: [0] for its first 8 bytes, [1] for the others.
struct cvm_fold_factors {
  // A distance of `step` bytes, and one of 16.
  uint64_t far[2], near[2];
};
// How many bytes, at least, cvm_fold takes, and of what its n must be a multiple: 128 or 256; 0 where the processor has no
// carry-less product or the path is the portable one, and cvm_fold must not be called.
size_t cvm_fold_step(void);
// A message of 16 bytes, `rest`, with the CRC, begun at 0, that the n bytes have, begun at `crc`. Bits are taken in
// reflected order; the polynomial is in the factors. `step` is what cvm_fold_step() gave.
void cvm_fold(unsigned char rest[16], const unsigned char *bytes, size_t n, uint32_t crc, size_t step,
              const struct cvm_fold_factors *factors);

#ifdef __cplusplus
}
#endif
#endif
