// The tables of kernels. Dispatch takes one for each path; here, every one that the processor can run has its turn.
#include "Kernels.h"
#include "Support.h"

#if defined(__x86_64__)
#define ON_X86(KERNELS) &KERNELS
#else
#define ON_X86(KERNELS) NULL
#endif
#if defined(__aarch64__)
#define ON_ARM64(KERNELS) &KERNELS
#else
#define ON_ARM64(KERNELS) NULL
#endif

const struct kernel_set kernel_sets[SETS] = {
    [SET_PORTABLE] = {"portable", CVM_PORTABLE, &cvm_portable_kernels},
    [SET_NEON] = {"neon", CVM_NEON, ON_ARM64(cvm_neon_kernels)},
    [SET_AVX2] = {"avx2", CVM_AVX2, ON_X86(cvm_avx2_kernels)},
    [SET_AVX512] = {"avx512", CVM_AVX512, ON_X86(cvm_avx512_kernels)},
    [SET_AVX512BF16] = {"avx512bf16", CVM_AVX512, ON_X86(cvm_avx512bf16_kernels)},
};

int set_available(enum set_index index) {
#if defined(__x86_64__)
  if (index == SET_AVX512BF16 && !__builtin_cpu_supports("avx512bf16")) return 0;
#endif
  return kernel_sets[index].kernels && cvm_path_available(kernel_sets[index].path);
}
