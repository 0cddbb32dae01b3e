// 16 numbers at a time, in the instructions that the including file names.
#include "Vector.inc.h"

static INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }

static INLINE dhalf multiply_add_double(dhalf a, dhalf b, dhalf c) { return __builtin_elementwise_fma(a, b, c); }

static INLINE __mmask16 first_lanes(size_t count) { return (__mmask16)((1u << count) - 1); }

static INLINE vec load_tail(const float *p, size_t count, float fill) {
  return (vec)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), first_lanes(count), p);
}

static INLINE void store_tail(float *p, vec v, size_t count) {
  _mm512_mask_storeu_ps(p, first_lanes(count), (__m512)v);
}

// v * 2^(shifted - EXPONENT_SHIFT) where `keep`, else 0.
static INLINE vec scale_or_zero(vec v, vec shifted, ivec keep) {
  const __m512 k = (__m512)(shifted - EXPONENT_SHIFT);
  return (vec)_mm512_maskz_scalef_ps(_mm512_movepi32_mask((__m512i)keep), (__m512)v, k);
}

static INLINE int any(ivec mask) { return _mm512_movepi32_mask((__m512i)mask) != 0; }

#include "ProductRest.inc.h"
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
