// AVX-512: 16 numbers at a time. The algorithms are in the .inc.h files.
#if defined(__x86_64__)
#include <immintrin.h>

#include "Kernels.h"

#define WIDTH 16
#define PATH CVM_AVX512
#define KERNELS cvm_avx512_kernels

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,fma"))), apply_to = function)
#include "AVX512.inc.h"
#pragma clang attribute pop
#endif
