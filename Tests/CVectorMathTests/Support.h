// What the tests of the kernels share: numbers, rows at the end of memory, and expectations that say where they failed.
#ifndef GRAFT_CVECTORMATHTESTS_SUPPORT_H
#define GRAFT_CVECTORMATHTESTS_SUPPORT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "CVectorMath.h"

// A reference rounds where it says so.
#pragma STDC FP_CONTRACT OFF

// Sets.c

enum set_index { SET_PORTABLE, SET_NEON, SET_AVX2, SET_AVX512, SET_AVX512BF16, SETS };
struct kernel_set {
  const char *name;
  enum cvm_path path;
  // NULL where they are not built.
  const struct cvm_kernels *kernels;
};
extern const struct kernel_set kernel_sets[SETS];
// Whether this processor can run the set.
int set_available(enum set_index index);

// Report.c

// From now on, checks are of this set, which is in use.
void begin_set(enum set_index index);
// Whether the set's a b + c is rounded once; found by asking it.
int set_is_fused(void);
// From now on, expectations are about this call. The variant may be "".
void begin_row(const char *function, size_t length, const char *variant);
void begin_matrix(const char *function, size_t rows, size_t columns, size_t depth, const char *variant);
// Equal bits; any NaN equals any other.
void expect_bits(size_t index, float found, float expected);
void expect_double_bits(size_t index, double found, double expected);
// Equal bits, of a NaN, too.
void expect_word(size_t index, uint32_t found, uint32_t expected);
// |found - expected| <= bound; a NaN expects a NaN, an infinity the same infinity.
void expect_within(size_t index, double found, double expected, double bound);
void expect_equal(size_t index, size_t found, size_t expected);
void expect(int condition, const char *what);
// What is being checked, for a signal handler.
const char *current_check(void);
// A table of what was checked. Returns 0, or 1 if an expectation failed.
int print_report(void);

// Rows.c

// Where rows lie: before a page that must not be touched, or behind one.
enum placement { ENDS_AT_GUARD, STARTS_AT_GUARD, PLACEMENTS };
#define ROW_SLOTS 8
// In numbers.
#define LARGEST_ROW 32768
void prepare_rows(void);
void place_rows(enum placement placement);
// Memory for n numbers, all GAP; what the slot held before is lost.
float *row(int slot, size_t n);
float *row_of(int slot, const float *values, size_t n);
// A matrix whose rows lie `gap` numbers further apart than they are long, up to the last number of its last row.
float *matrix(int slot, size_t rows, size_t columns, size_t gap);
// Memory for n numbers of 16 bits, and that nothing was written to the odd one beside them.
uint16_t *row_of_halves(int slot, size_t n);
void expect_odd_half_untouched(const uint16_t *halves, size_t n);
// That nothing was written beside the rows handed out since the last time.
void expect_neighbours_untouched(void);
// That the numbers between the rows of a matrix, stride apart, are still GAP.
void expect_gaps_untouched(const float *matrix, size_t stride, size_t rows, size_t columns);
// A signalling NaN: it shows in a result when it is read, too.
#define GAP_BITS 0x7FA05EEDu

// Numbers.c

static inline uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

void seed(uint64_t value);
uint64_t next_bits(void);
// In [low, high).
double uniform(double low, double high);
float normal(double mean, double deviation);
void fill_normal(float *to, size_t n, double mean, double deviation);
double largest_magnitude(const double *values, size_t n);
// a b + c as the set rounds it.
float multiply_add(float a, float b, float c);
double multiply_add_double(double a, double b, double c);
// Row lengths: every one up to more than two of the longest steps any path takes (128 numbers), and some beside the
// blocks of 4,096 in which long rows are summed.
extern const size_t row_lengths[];
extern const size_t row_length_count;
// The first so many are 0, 1, 2..., or at most 1,000.
extern const size_t every_row_length_count, short_row_length_count;
#define FOR_LENGTHS(n, count) for (size_t at_ = 0, n; at_ < (count) && (n = row_lengths[at_], 1); at_++)

// The groups of tests, each for the set in use.

void test_dispatch(const struct cvm_kernels *kernels);
void test_elementwise(void);
void test_softmax(void);
void test_searches(void);
void test_norms(void);
void test_matrices(void);
void test_double_panels(void);
void test_bf16(void);
void test_reach(void);
void test_fold(void);

#endif
