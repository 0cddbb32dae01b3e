// Chooses an instruction set at run time and passes every call on to it.
#include <stdatomic.h>

#include "Kernels.h"

// NULL if the processor or this build cannot run the path. __builtin_cpu_supports also asks whether the operating
// system saves the wider registers.
static const struct cvm_kernels *kernels_for(enum cvm_path path) {
  switch (path) {
    case CVM_PORTABLE:
      return &cvm_portable_kernels;
#if defined(__aarch64__)
    case CVM_NEON:
      return &cvm_neon_kernels;
#endif
#if defined(__x86_64__)
    case CVM_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &cvm_avx2_kernels : NULL;
    case CVM_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma")
                 ? (__builtin_cpu_supports("avx512bf16") ? &cvm_avx512bf16_kernels : &cvm_avx512_kernels)
                 : NULL;
#endif
    default:
      return NULL;
  }
}

// NULL until the first call. Threads that race to fill it in store the same pointer.
static _Atomic(const struct cvm_kernels *) process_kernels;
static _Thread_local const struct cvm_kernels *thread_kernels;

static const struct cvm_kernels *best_kernels(void) {
  for (int path = CVM_AVX512; path > CVM_PORTABLE; path--) {
    const struct cvm_kernels *kernels = kernels_for((enum cvm_path)path);
    if (kernels) return kernels;
  }
  return &cvm_portable_kernels;
}

static const struct cvm_kernels *active(void) {
  if (thread_kernels) return thread_kernels;
  const struct cvm_kernels *kernels = atomic_load_explicit(&process_kernels, memory_order_acquire);
  if (kernels) return kernels;
  // If another thread has forced a path meanwhile, `kernels` becomes that one.
  const struct cvm_kernels *best = best_kernels();
  return atomic_compare_exchange_strong(&process_kernels, &kernels, best) ? best : kernels;
}

enum cvm_path cvm_active_path(void) { return active()->path; }

int cvm_path_available(enum cvm_path path) { return kernels_for(path) != NULL; }

int cvm_force_path(enum cvm_path path) {
  const struct cvm_kernels *kernels = kernels_for(path);
  if (!kernels) return -1;
  atomic_store_explicit(&process_kernels, kernels, memory_order_release);
  return 0;
}

int cvm_use_path_on_thread(enum cvm_path path, const struct cvm_kernels **previous) {
  const struct cvm_kernels *kernels = kernels_for(path);
  if (!kernels) return -1;
  *previous = thread_kernels;
  thread_kernels = kernels;
  return 0;
}

void cvm_restore_thread_path(const struct cvm_kernels *previous) { thread_kernels = previous; }

void cvm_add(float *x, const float *bias, size_t n) { active()->add(x, bias, n); }
void cvm_bias_gelu_erf(float *x, const float *bias, size_t n) { active()->gelu_erf(x, bias, n); }
void cvm_bias_gelu_tanh(float *x, const float *bias, size_t n) { active()->gelu_tanh(x, bias, n); }
void cvm_bias_gelu_sigmoid(float *x, const float *bias, size_t n) { active()->gelu_sigmoid(x, bias, n); }
void cvm_bias_relu(float *x, const float *bias, size_t n) { active()->relu(x, bias, n); }
void cvm_bias_silu(float *x, const float *bias, size_t n) { active()->silu(x, bias, n); }
void cvm_bias_tanh(float *x, const float *bias, size_t n) { active()->tanh(x, bias, n); }

void cvm_bias_residual(float *x, const float *bias, const float *residual, size_t n) {
  active()->bias_residual(x, bias, residual, n);
}

void cvm_layer_norm(float *y, const float *x, const float *gain, const float *shift, float epsilon, size_t n) {
  active()->layer_norm(y, x, gain, shift, epsilon, n);
}

void cvm_bias_residual_layer_norm(float *x, const float *bias, const float *residual, const float *gain,
                                  const float *shift, float epsilon, size_t n) {
  active()->residual_layer_norm(x, x, bias, residual, gain, shift, epsilon, n);
}

void cvm_bias_residual_then_layer_norm(float *y, float *x, const float *bias, const float *residual,
                                       const float *gain, const float *shift, float epsilon, size_t n) {
  active()->residual_layer_norm(y, x, bias, residual, gain, shift, epsilon, n);
}

void cvm_softmax(float *x, float scale, size_t n) { active()->softmax(x, scale, n); }
float cvm_log_sum_exp(const float *x, size_t n) { return active()->log_sum_exp(x, n); }
void cvm_softmax_sums(const float *x, const float *weights, float *exponents, float most, size_t n, double *sums) {
  active()->softmax_sums(x, weights, exponents, most, n, sums);
}

size_t cvm_count_at_least(const float *x, size_t n, float least) { return active()->count_at_least(x, n, least); }
size_t cvm_argmax(const float *x, size_t n) { return active()->argmax(x, n); }
size_t cvm_first_at_least(const float *x, size_t n, float least) { return active()->first_at_least(x, n, least); }
size_t cvm_first_nonfinite(const float *x, size_t n) { return active()->first_nonfinite(x, n); }

void cvm_gelu_erf_slope(float *x, size_t n) { active()->gelu_erf_slope(x, n); }
void cvm_gelu_tanh_slope(float *x, size_t n) { active()->gelu_tanh_slope(x, n); }
void cvm_gelu_sigmoid_slope(float *x, size_t n) { active()->gelu_sigmoid_slope(x, n); }
void cvm_relu_slope(float *x, size_t n) { active()->relu_slope(x, n); }
void cvm_silu_slope(float *x, size_t n) { active()->silu_slope(x, n); }
void cvm_tanh_slope(float *x, size_t n) { active()->tanh_slope(x, n); }
void cvm_multiply(float *x, const float *factor, size_t n) { active()->multiply(x, factor, n); }
void cvm_add_product(float *x, const float *a, const float *b, size_t n) { active()->add_product(x, a, b, n); }
double cvm_dot(const float *a, const float *b, size_t n) { return active()->dot(a, b, n); }

void cvm_softmax_derivative(float *x, const float *weights, float offset, size_t n) {
  active()->softmax_derivative(x, weights, offset, n);
}

float cvm_standardize(float *y, const float *x, float epsilon, size_t n) {
  return active()->standardize(y, x, epsilon, n);
}

void cvm_standardize_derivative(float *out, const float *v, const float *before, const float *after,
                                const float *standardized, float scale, size_t n) {
  active()->standardize_derivative(out, v, before, after, standardized, scale, n);
}

void cvm_transpose(float *to, size_t to_stride, const float *from, size_t from_stride, size_t rows, size_t columns) {
  active()->transpose(to, to_stride, from, from_stride, rows, columns);
}

void cvm_adamw_step(float *x, float *mean, float *square, const float *gradient, const struct cvm_adamw *c, size_t n) {
  active()->adamw(x, mean, square, gradient, c, n);
}

size_t cvm_panel_width(void) { return active()->panel_width; }

void cvm_pack_panels(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k) {
  active()->pack_panels(panels, panel_stride, b, b_stride, n, k);
}

void cvm_pack_panels_transposed(float *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                size_t k) {
  active()->pack_panels_transposed(panels, panel_stride, b, b_stride, n, k);
}

void cvm_multiply_panels(float *c, size_t c_stride, const float *a, size_t a_stride, const float *panels,
                         size_t panel_stride, size_t m, size_t n, size_t k, float alpha, int accumulate,
                         const float *soon, size_t soon_count) {
  active()->multiply_panels(c, c_stride, a, a_stride, panels, panel_stride, m, n, k, alpha, accumulate, soon,
                            soon_count);
}

void cvm_multiply_few(float *c, size_t c_stride, const float *a, size_t a_stride, const float *b, size_t b_stride,
                      int transposed, size_t m, size_t n, size_t k, int accumulate) {
  active()->multiply_few(c, c_stride, a, a_stride, b, b_stride, transposed, m, n, k, accumulate);
}

size_t cvm_panel_height(void) { return active()->panel_height; }

int cvm_has_bf16(void) { return active()->has_bf16; }

void cvm_round_bf16(uint16_t *to, const float *from, size_t n) { active()->round_bf16(to, from, n); }

void cvm_pack_bf16_panels(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n, size_t k) {
  active()->pack_bf16_panels(panels, panel_stride, b, b_stride, n, k);
}

void cvm_pack_bf16_panels_transposed(uint32_t *panels, size_t panel_stride, const float *b, size_t b_stride, size_t n,
                                     size_t k) {
  active()->pack_bf16_panels_transposed(panels, panel_stride, b, b_stride, n, k);
}

void cvm_multiply_bf16_panels(float *c, size_t c_stride, const uint32_t *a, size_t a_stride, const uint32_t *panels,
                              size_t panel_stride, size_t m, size_t n, size_t pairs, int accumulate,
                              const uint32_t *soon, size_t soon_count) {
  active()->multiply_bf16_panels(c, c_stride, a, a_stride, panels, panel_stride, m, n, pairs, accumulate, soon,
                                 soon_count);
}

size_t cvm_double_panel_width(void) { return active()->double_panel_width; }

void cvm_multiply_double_panels(double *c, size_t c_stride, const double *a, size_t rows, const double *b,
                                size_t b_panel_stride, size_t n, size_t k, int accumulate) {
  active()->multiply_double_panels(c, c_stride, a, rows, b, b_panel_stride, n, k, accumulate);
}

size_t cvm_reach_panels(float *c, const float *a, const float *a_rests, size_t rows, const float *panels,
                        const float *panel_rests, size_t first, size_t end, const struct cvm_reach *plan, float least,
                        size_t *passes) {
  return active()->reach_panels(c, a, a_rests, rows, panels, panel_rests, first, end, plan, least, passes);
}
