// AVX-512 with products of bfloat16 pairs in one instruction, for which subnormal numbers count as 0. All else as AVX512.c.
#if defined(__x86_64__)
#include <immintrin.h>

#include "Kernels.h"

#define WIDTH 16
#define PATH CVM_AVX512
#define KERNELS cvm_avx512bf16_kernels
#define HAS_BF16 1

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bf16,fma"))), apply_to = function)
#include "AVX512.inc.h"
#pragma clang attribute pop
#endif
