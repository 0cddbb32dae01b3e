// Any processor: 4 numbers at a time in the compiler's generic vectors, no fused multiply-add, which would be a
// library call where the processor has none. The algorithms are in the .inc.h files.
#include "Kernels.h"

#define WIDTH 4
#define PATH CVM_PORTABLE
#define KERNELS cvm_portable_kernels

#include "Vector.inc.h"

static INLINE vec multiply_add(vec a, vec b, vec c) { return a * b + c; }

#include "FourLanes.inc.h"
#include "ScaleByPower.inc.h"
#include "Elementary.inc.h"
#include "Elementwise.inc.h"
#include "Reductions.inc.h"
#include "LayerNorm.inc.h"
#include "Table.inc.h"
