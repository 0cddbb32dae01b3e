// Every function of the kernel table on every instruction set of the processor, for every length around a vector and a
// block, next to memory that must not be touched. Arguments name instruction sets that have to be there.
#include <stdio.h>

#include "Kernels.h"
#include "Support.h"

// A function was added to the table: test it here, too.
_Static_assert(sizeof(struct cvm_kernels) == 38 * sizeof(void *), "a kernel without a test");

static void test_path(enum cvm_path path) {
  const struct cvm_kernels *previous;
  if (cvm_use_path_on_thread(path, &previous)) return;
  begin_path(path);
  for (int placement = 0; placement < PLACEMENTS; placement++) {
    place_rows((enum placement)placement);
    seed(1 + (uint64_t)placement);
    test_dispatch();
    test_elementwise();
    test_softmax();
    test_searches();
    test_norms();
    test_matrices();
    test_reach();
    test_fold();
  }
  cvm_restore_thread_path(previous);
}

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    int found = 0;
    for (int path = CVM_PORTABLE; path <= CVM_AVX512; path++) {
      found |= strcmp(arguments[i], path_names[path]) == 0 && cvm_path_available((enum cvm_path)path);
    }
    if (!found) {
      fprintf(stderr, "%s: not available on this processor\n", arguments[i]);
      return 1;
    }
  }
  prepare_rows();
  for (int path = CVM_PORTABLE; path <= CVM_AVX512; path++) test_path((enum cvm_path)path);
  return print_report();
}
