// The choice of an instruction set.
#include "Support.h"

void test_dispatch(const struct cvm_kernels *kernels) {
  const enum cvm_path path = cvm_active_path();
  begin_row("dispatch", 0, "");
  expect(cvm_path_available(CVM_PORTABLE), "the portable path is not available");
#if defined(__aarch64__)
  expect(cvm_path_available(CVM_NEON), "an arm64 processor without NEON");
  expect(!cvm_path_available(CVM_AVX2) && !cvm_path_available(CVM_AVX512), "an arm64 processor with AVX");
#endif
#if defined(__x86_64__)
  expect(!cvm_path_available(CVM_NEON), "an x86-64 processor with NEON");
#endif
  // Without a choice of this thread, the best path; with one, that.
  const struct cvm_kernels *mine, *none;
  expect(cvm_use_path_on_thread(path, &mine) == 0 && mine == kernels, "the thread's choice is not known");
  cvm_restore_thread_path(NULL);
  int best = CVM_AVX512;
  while (!cvm_path_available((enum cvm_path)best)) best--;
  expect(cvm_active_path() == (enum cvm_path)best, "the best path is not the active one");
  expect(cvm_force_path(path) == 0 && cvm_active_path() == path, "the path of the process is not the forced one");
  expect(cvm_force_path((enum cvm_path)best) == 0, "the best path cannot be forced");
  for (int other = CVM_PORTABLE; other <= CVM_AVX512; other++) {
    const int here = cvm_path_available((enum cvm_path)other);
    const enum cvm_path before = cvm_active_path();
    expect(cvm_use_path_on_thread((enum cvm_path)other, &none) == (here ? 0 : -1), "a choice of path");
    expect(cvm_active_path() == (here ? (enum cvm_path)other : before), "the path is not the chosen one");
    const int pairs = other == CVM_AVX512 && set_available(SET_AVX512BF16);
    expect(!here || cvm_has_bf16() == pairs, "products of bfloat16 pairs where the processor has none, or the reverse");
    if (here) cvm_restore_thread_path(none);
  }
  expect(cvm_force_path((enum cvm_path)4) == -1, "a path that does not exist");
  cvm_restore_thread_path(mine);
  expect(cvm_active_path() == path, "the thread's path is not restored");
  expect(cvm_panel_width() > 0 && cvm_panel_width() <= CVM_WIDEST_PANEL, "the width of a panel");
  const size_t double_width = cvm_double_panel_width();
  expect(double_width > 0 && double_width <= CVM_WIDEST_PANEL, "the width of a panel of double");
  expect(cvm_has_bf16() == (kernels == kernel_sets[SET_AVX512BF16].kernels), "products of bfloat16 pairs");
  expect(cvm_panel_height() > 0 && cvm_panel_height() <= CVM_HIGHEST_PANEL, "the height of a panel");
}
