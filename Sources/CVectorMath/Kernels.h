// The functions of one instruction set, and the sets that there are.
#ifndef GRAFT_CVECTORMATH_KERNELS_H
#define GRAFT_CVECTORMATH_KERNELS_H

#include <math.h>

#include "CVectorMath.h"

struct cvm_kernels {
  enum cvm_path path;
  void (*add)(float *x, const float *bias, size_t n);
  void (*gelu_erf)(float *x, const float *bias, size_t n);
  void (*gelu_tanh)(float *x, const float *bias, size_t n);
  void (*gelu_sigmoid)(float *x, const float *bias, size_t n);
  void (*relu)(float *x, const float *bias, size_t n);
  void (*silu)(float *x, const float *bias, size_t n);
  void (*tanh)(float *x, const float *bias, size_t n);
  void (*bias_residual)(float *x, const float *bias, const float *residual, size_t n);
  void (*layer_norm)(float *y, const float *x, const float *gain, const float *shift, float epsilon, size_t n);
  void (*residual_layer_norm)(float *y, float *x, const float *bias, const float *residual, const float *gain,
                              const float *shift, float epsilon, size_t n);
  void (*softmax)(float *x, float scale, size_t n);
  float (*log_sum_exp)(const float *x, size_t n);
  void (*softmax_sums)(const float *x, const float *weights, float *exponents, float most, size_t n, double *sums);
  size_t (*argmax)(const float *x, size_t n);
  size_t (*count_at_least)(const float *x, size_t n, float least);
  size_t (*first_at_least)(const float *x, size_t n, float least);
  size_t (*first_nonfinite)(const float *x, size_t n);
  void (*gelu_erf_slope)(float *x, size_t n);
  void (*gelu_tanh_slope)(float *x, size_t n);
  void (*gelu_sigmoid_slope)(float *x, size_t n);
  void (*relu_slope)(float *x, size_t n);
  void (*silu_slope)(float *x, size_t n);
  void (*tanh_slope)(float *x, size_t n);
  void (*multiply)(float *x, const float *factor, size_t n);
  void (*add_product)(float *x, const float *a, const float *b, size_t n);
  double (*dot)(const float *a, const float *b, size_t n);
  void (*softmax_derivative)(float *x, const float *weights, float offset, size_t n);
  float (*standardize)(float *y, const float *x, float epsilon, size_t n);
  void (*standardize_derivative)(float *out, const float *v, const float *before, const float *after,
                                 const float *standardized, float scale, size_t n);
  void (*transpose)(float *to, size_t to_stride, const float *from, size_t from_stride, size_t rows, size_t columns);
  void (*adamw)(float *x, float *mean, float *square, const float *gradient, const struct cvm_adamw *c, size_t n);
  size_t panel_width;
  void (*pack_panels)(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k);
  void (*pack_panels_transposed)(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                 size_t k);
  void (*multiply_panels)(float *c, size_t c_stride, const float *a, size_t a_stride, const float *panels,
                          size_t panel_stride, size_t m, size_t n, size_t k, float alpha, int accumulate,
                          const float *soon, size_t soon_count);
  void (*multiply_few)(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_stride,
                       int transposed, size_t m, size_t n, size_t k, int accumulate);
  size_t panel_height, double_panel_width;
  void (*multiply_double_panels)(double *c, size_t c_stride, const double *a, size_t rows, const double *b,
                                 size_t b_panel_stride, size_t n, size_t k, int accumulate);
  int has_bf16;
  void (*round_bf16)(uint16_t *to, const float *from, size_t n);
  void (*pack_bf16_panels)(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k);
  void (*pack_bf16_panels_transposed)(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                      size_t k);
  void (*multiply_bf16_panels)(float *c, size_t c_stride, const uint32_t *a, size_t a_stride, const uint32_t *panels,
                               size_t panel_stride, size_t m, size_t n, size_t pairs, int accumulate, const uint32_t *soon,
                               size_t soon_count);
  size_t (*reach_panels)(float *c, const float *a, const float *a_rests, size_t rows, const float *panels,
                         const float *panel_rests, size_t first, size_t end, const struct cvm_reach *plan, float least,
                         size_t *passes);
};

extern const struct cvm_kernels cvm_portable_kernels;
#if defined(__aarch64__)
extern const struct cvm_kernels cvm_neon_kernels;
#endif
#if defined(__x86_64__)
extern const struct cvm_kernels cvm_avx2_kernels;
extern const struct cvm_kernels cvm_avx512_kernels;
extern const struct cvm_kernels cvm_avx512bf16_kernels;
#endif

#endif
