// The search for large sums in a product, against the same search one sum at a time.
#include "Support.h"

enum { PANELS = 5, PLACES = 3 };

static size_t width;

// How many checks a panel passes; its sums are then in `sums`.
static size_t passed_checks(float *sums, const float *a, const float *a_rests, size_t rows, const float *panel,
                            const float *rests, const struct cvm_reach *plan, float least) {
  size_t done = 0;
  for (size_t i = 0; i < rows * width; i++) sums[i] = 0;
  for (size_t check = 0; check < plan->checks; check++) {
    const size_t place = plan->rests[check];
    int reached = 0;
    for (size_t i = 0; i < rows; i++) {
      for (size_t at = 0; at < width; at++) {
        float *sum = &sums[i * width + at];
        for (size_t step = done; step < plan->ends[check]; step++) {
          *sum = multiply_add(a[i * plan->size + step], panel[step * width + at], *sum);
        }
        reached |= multiply_add(a_rests[i * plan->places + place], rests[place * width + at], *sum) >= least;
      }
    }
    done = plan->ends[check];
    if (!reached) return check;
  }
  return plan->checks;
}

// What the steps from each place on can add, at most: the norms of the rest of each row.
static void fill_rests(float *rests, const float *factor, size_t rows, size_t k, const size_t *ends, size_t places) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t place = 0; place < places; place++) {
      double square = 0;
      for (size_t at = ends[place]; at < k; at++) square += (double)factor[i * k + at] * (double)factor[i * k + at];
      rests[i * places + place] = (float)(sqrt(square) * 1.000001);
    }
  }
}

static void test_search(size_t rows, size_t columns, size_t k, float least) {
  static float b[PANELS * CVM_WIDEST_PANEL * 64], b_rests[PANELS * CVM_WIDEST_PANEL * PLACES];
  static float a_in[CVM_HIGHEST_PANEL * 64], sums[CVM_HIGHEST_PANEL * CVM_WIDEST_PANEL];
  const size_t ends[PLACES] = {k / 4, k / 2, k}, places[PLACES] = {0, 1, 2};
  // Rows of falling size, as the first terms of a sum are the largest.
  for (size_t i = 0; i < rows * k; i++) a_in[i] = normal(0, 1.0 / (1 + (double)(i % k)));
  for (size_t i = 0; i < columns * k; i++) b[i] = normal(0, 1);
  const size_t count = (columns + width - 1) / width;
  float *a = row_of(0, a_in, rows * k), *a_rests = row(1, rows * PLACES);
  float *panels = row(2, count * width * k), *panel_rests = row(3, count * width * PLACES);
  fill_rests(a_rests, a, rows, k, ends, PLACES);
  fill_rests(b_rests, b, columns, k, ends, PLACES);
  cvm_pack_panels_transposed(panels, width * k, b, k, columns, k);
  cvm_pack_panels_transposed(panel_rests, width * PLACES, b_rests, PLACES, columns, PLACES);
  for (int kind = 0; kind < 2; kind++) {
    // All checks, or the last one alone, where nothing may be left out.
    const struct cvm_reach plan = {k, PLACES, kind ? 1 : PLACES, kind ? ends + PLACES - 1 : ends,
                                   kind ? places + PLACES - 1 : places};
    begin_matrix("reach_panels", rows, columns, k, kind ? "one check" : "");
    size_t expected_passes[PLACES] = {0}, passes[PLACES] = {0};
    for (size_t first = 0; first <= count; first++) {
      size_t at = first;
      for (; at < count; at++) {
        const size_t passed = passed_checks(
            sums, a, a_rests, rows, panels + at * width * k, panel_rests + at * width * PLACES, &plan, least);
        for (size_t check = 0; check < passed; check++) expected_passes[check]++;
        if (passed == plan.checks) break;
      }
      float *c = row(4, rows * width);
      const int counted = first % 2 == 0;
      if (!counted) memcpy(expected_passes, passes, sizeof passes);
      const size_t found = cvm_reach_panels(
          c, a, a_rests, rows, panels, panel_rests, first, count, &plan, least, counted ? passes : NULL);
      expect_equal(first, found, at);
      for (size_t i = 0; found == at && at < count && i < rows * width; i++) expect_bits(i, c[i], sums[i]);
      for (size_t check = 0; check < plan.checks; check++) expect_equal(check, passes[check], expected_passes[check]);
    }
  }
  expect_neighbours_untouched();
}

void test_reach(void) {
  width = cvm_panel_width();
  for (size_t rows = 1; rows <= cvm_panel_height(); rows++) {
    for (size_t columns = 0; columns <= PANELS * width; columns += columns < 2 ? 1 : width / 2 + 1) {
      // From a threshold that all tiles reach to one that none does.
      for (int size = 0; size < 5; size++) test_search(rows, columns, size % 2 ? 64 : 13, (float)(4 * size - 3));
    }
  }
}
