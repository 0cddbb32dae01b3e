// Any processor: 4 numbers at a time in the compiler's generic vectors, no fused multiply-add, which would be a
// library call where the processor has none. The algorithms are in the .inc.h files.
#include "Kernels.h"

#define WIDTH 4
#define PATH CVM_PORTABLE
#define KERNELS cvm_portable_kernels

#include "Vector.inc.h"

static INLINE vec multiply_add(vec a, vec b, vec c) { return a * b + c; }

static INLINE dhalf multiply_add_double(dhalf a, dhalf b, dhalf c) { return a * b + c; }

// a b - product, where `product` is a b rounded: from halves with so few digits that their products are exact
// (Dekker 1971). Finite numbers only.
static INLINE vec product_rest(vec a, vec b, vec product) {
  const vec a_head = (vec)((uvec)a & 0xFFFFF000u);
  const vec b_head = (vec)((uvec)b & 0xFFFFF000u);
  const vec a_tail = a - a_head;
  const vec b_tail = b - b_head;
  return ((a_head * b_head - product) + a_head * b_tail + a_tail * b_head) + a_tail * b_tail;
}

#include "FourLanes.inc.h"
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
