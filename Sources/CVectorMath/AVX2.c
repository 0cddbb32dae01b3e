// AVX2 with fused multiply-add: 8 numbers at a time. The algorithms are in the .inc.h files.
#if defined(__x86_64__)
#include <immintrin.h>

#include "Kernels.h"

#define WIDTH 8
#define PATH CVM_AVX2
#define KERNELS cvm_avx2_kernels

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "Vector.inc.h"

static INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }

static INLINE dhalf multiply_add_double(dhalf a, dhalf b, dhalf c) { return __builtin_elementwise_fma(a, b, c); }

static INLINE __m256i first_lanes(size_t count) {
  static const int lanes[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256((const __m256i *)(lanes + 8 - count));
}

static INLINE vec load_tail(const float *p, size_t count, float fill) {
  const __m256i mask = first_lanes(count);
  return (vec)_mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(p, mask), _mm256_castsi256_ps(mask));
}

static INLINE void store_tail(float *p, vec v, size_t count) { _mm256_maskstore_ps(p, first_lanes(count), (__m256)v); }

static INLINE int any(ivec mask) { return !_mm256_testz_si256((__m256i)mask, (__m256i)mask); }

#include "ProductRest.inc.h"
#include "ScaleOrZero.inc.h"
#include "Elementary.inc.h"
#include "Elementwise.inc.h"
#include "Reductions.inc.h"
#include "LayerNorm.inc.h"
#include "Panels.inc.h"
#include "FewRows.inc.h"
#include "DoublePanels.inc.h"
#include "BFloat16.inc.h"
#include "Derivatives.inc.h"
#include "PanelReach.inc.h"
#include "Table.inc.h"
#pragma clang attribute pop
#endif
