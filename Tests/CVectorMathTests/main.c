// Every function of the kernel table in every such table the processor can run, for every length around a vector and a
// block, next to memory that must not be touched. Arguments name instruction sets that have to be there.
#include <stdio.h>

#include "Kernels.h"
#include "Support.h"

// A function was added to the table: test it here, too.
_Static_assert(sizeof(struct cvm_kernels) == 46 * sizeof(void *), "a kernel without a test");

static void test_set(enum set_index set) {
  if (!set_available(set)) return;
  // A thread's own choice may be any table, also one that dispatch passes over.
  const struct cvm_kernels *kernels = kernel_sets[set].kernels;
  cvm_restore_thread_path(kernels);
  begin_set(set);
  for (int placement = 0; placement < PLACEMENTS; placement++) {
    place_rows((enum placement)placement);
    seed(1 + (uint64_t)placement);
    test_dispatch(kernels);
    test_elementwise();
    test_softmax();
    test_searches();
    test_norms();
    test_matrices();
    test_double_panels();
    test_bf16();
    test_reach();
    test_fold();
  }
  cvm_restore_thread_path(NULL);
}

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) {
    int found = 0;
    for (int set = 0; set < SETS; set++) {
      found |= strcmp(arguments[i], kernel_sets[set].name) == 0 && set_available((enum set_index)set);
    }
    if (!found) {
      fprintf(stderr, "%s: not available on this processor\n", arguments[i]);
      return 1;
    }
  }
  prepare_rows();
  for (int set = 0; set < SETS; set++) test_set((enum set_index)set);
  return print_report();
}
