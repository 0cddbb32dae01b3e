// Expectations, and what is printed of them.
#include <stdio.h>
#include <stdlib.h>

#include "Support.h"

enum { FUNCTIONS = 64, SHOWN = 5 };

// What was seen of one function.
struct record {
  const char *function;
  struct seen {
    size_t calls, numbers, failures;
    // The largest error as a part of its bound; negative while all were compared exactly.
    double worst;
  } of[SETS];
};

static struct record records[FUNCTIONS];
static size_t record_count;
static enum set_index set;
static int fused;
static struct seen *seen;

// What is being checked.
static const char *function, *variant;
static size_t sizes[3];
static int is_matrix;

void begin_set(enum set_index index) {
  set = index;
  seen = NULL;
  // (1 + 2^-12)^2 - (1 + 2^-11) = 2^-24, which the rounding of the square loses.
  const float a = 1 + 0x1p-12f;
  float x = -(1 + 0x1p-11f);
  cvm_add_product(&x, &a, &a, 1);
  fused = x != 0;
}

int set_is_fused(void) { return fused; }

static void begin(const char *name, const char *how) {
  if (!seen || strcmp(function, name) != 0) {
    size_t index = 0;
    while (index < record_count && strcmp(records[index].function, name) != 0) index++;
    if (index == FUNCTIONS) {
      fprintf(stderr, "more functions than FUNCTIONS\n");
      exit(3);
    }
    if (index == record_count) {
      records[record_count++].function = name;
      for (int i = 0; i < SETS; i++) records[index].of[i].worst = -1;
    }
    seen = &records[index].of[set];
  }
  function = name;
  variant = how;
  seen->calls++;
}

void begin_row(const char *name, size_t length, const char *how) {
  begin(name, how);
  is_matrix = 0;
  sizes[0] = length;
}

void begin_matrix(const char *name, size_t rows, size_t columns, size_t depth, const char *how) {
  begin(name, how);
  is_matrix = 1;
  sizes[0] = rows;
  sizes[1] = columns;
  sizes[2] = depth;
}

const char *current_check(void) {
  static char text[256];
  if (!seen) return kernel_sets[set].name;
  int length = snprintf(text, sizeof text, "%s %s, ", kernel_sets[set].name, function);
  char *rest = text + length;
  const size_t left = sizeof text - (size_t)length;
  const char *comma = *variant ? ", " : "";
  if (is_matrix) {
    snprintf(rest, left, "%zu rows, %zu columns, depth %zu%s%s", sizes[0], sizes[1], sizes[2], comma, variant);
  } else {
    snprintf(rest, left, "length %zu%s%s", sizes[0], comma, variant);
  }
  return text;
}

// Counts a failure; whether it is one of the few to print.
static int failed(void) {
  seen->failures++;
  if (seen->failures == SHOWN + 1) fprintf(stderr, "FAILED %s %s: more, not shown\n", kernel_sets[set].name, function);
  return seen->failures <= SHOWN;
}

void expect_bits(size_t index, float found, float expected) {
  seen->numbers++;
  if (bits_of(found) == bits_of(expected) || (isnan(found) && isnan(expected))) return;
  if (failed()) {
    fprintf(stderr, "FAILED %s: at %zu: expected the bits %08x (%.9g), found %08x (%.9g)\n", current_check(), index,
            (unsigned)bits_of(expected), (double)expected, (unsigned)bits_of(found), (double)found);
  }
}

void expect_double_bits(size_t index, double found, double expected) {
  seen->numbers++;
  if (memcmp(&found, &expected, sizeof found) == 0 || (isnan(found) && isnan(expected))) return;
  if (failed()) {
    fprintf(stderr, "FAILED %s: at %zu: expected %a, found %a, bit by bit\n", current_check(), index, expected, found);
  }
}

void expect_word(size_t index, uint32_t found, uint32_t expected) {
  seen->numbers++;
  if (found != expected && failed()) {
    fprintf(stderr, "FAILED %s: at %zu: expected the bits %08x, found %08x\n", current_check(), index,
            (unsigned)expected, (unsigned)found);
  }
}

void expect_within(size_t index, double found, double expected, double bound) {
  seen->numbers++;
  if (isnan(expected) ? isnan(found) : found == expected) {
    if (seen->worst < 0) seen->worst = 0;
    return;
  }
  const double error = fabs(found - expected);
  // Also false for a NaN found, and for an infinity, whose error is infinite or NaN.
  if (error <= bound && isfinite(error)) {
    if (error / bound > seen->worst) seen->worst = error / bound;
    return;
  }
  if (failed()) {
    fprintf(stderr, "FAILED %s: at %zu: expected %.9g, found %.9g; off by %.3g, allowed %.3g\n", current_check(), index,
            expected, found, error, bound);
  }
}

void expect_equal(size_t index, size_t found, size_t expected) {
  seen->numbers++;
  if (found != expected && failed()) {
    fprintf(stderr, "FAILED %s: at %zu: expected %zu, found %zu\n", current_check(), index, expected, found);
  }
}

void expect(int condition, const char *what) {
  seen->numbers++;
  if (!condition && failed()) fprintf(stderr, "FAILED %s: %s\n", current_check(), what);
}

int print_report(void) {
  size_t failures = 0, calls[SETS] = {0}, numbers[SETS] = {0};
  printf("%-32s %9s %11s   largest error as a part of the bound\n%-54s", "function", "calls", "numbers", "");
  for (int i = 0; i < SETS; i++) {
    if (set_available((enum set_index)i)) printf(" %10s", kernel_sets[i].name);
  }
  printf("\n");
  for (size_t index = 0; index < record_count; index++) {
    const struct record *record = &records[index];
    size_t all_calls = 0, all_numbers = 0;
    for (int i = 0; i < SETS; i++) {
      all_calls += record->of[i].calls;
      all_numbers += record->of[i].numbers;
      calls[i] += record->of[i].calls;
      numbers[i] += record->of[i].numbers;
      failures += record->of[i].failures;
    }
    printf("%-32s %9zu %11zu ", record->function, all_calls, all_numbers);
    for (int i = 0; i < SETS; i++) {
      const struct seen *of = &record->of[i];
      if (!set_available((enum set_index)i)) continue;
      if (of->failures) {
        printf(" %10s", "FAILED");
      } else if (of->calls == 0) {
        printf(" %10s", "-");
      } else if (of->worst < 0) {
        printf(" %10s", "exact");
      } else {
        printf(" %10.2f", of->worst);
      }
    }
    printf("\n");
  }
  printf("Rows of every length from 0 to %zu, and of %zu lengths up to %zu.\n", row_lengths[every_row_length_count - 1],
         row_length_count - every_row_length_count, row_lengths[row_length_count - 1]);
  for (int i = 0; i < SETS; i++) {
    if (set_available((enum set_index)i)) {
      printf("%s: %zu functions, %zu calls, %zu comparisons\n", kernel_sets[i].name, record_count, calls[i],
             numbers[i]);
    } else {
      printf("%s: not on this processor\n", kernel_sets[i].name);
    }
  }
  if (failures) printf("%zu expectations failed\n", failures);
  return failures > 0;
}
