// NEON, which every arm64 processor has: 4 numbers at a time. The algorithms are in the .inc.h files.
#if defined(__aarch64__)
#include "Kernels.h"

#define WIDTH 4
#define PATH CVM_NEON
#define KERNELS cvm_neon_kernels

#include "Vector.inc.h"

static INLINE vec multiply_add(vec a, vec b, vec c) { return __builtin_elementwise_fma(a, b, c); }

static INLINE dhalf multiply_add_double(dhalf a, dhalf b, dhalf c) { return __builtin_elementwise_fma(a, b, c); }

#include "FourLanes.inc.h"
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
#endif
