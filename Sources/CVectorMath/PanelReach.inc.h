// Looking for large sums in a product without storing the others: up to ROWS rows by one panel at a time.

// As panel_tile, but a tile is given up as soon as none of its sums can reach `least`. After ends[check] steps a sum is
// at most what it is so far plus what the rests of its row and its column can add, by the inequality of Cauchy and
// Schwarz. Returns how many checks were passed; after all of them the sums are in c.
static INLINE size_t reach_tile(int rows, float *c, const float *a, const float *a_rests, const float *panel,
                                const float *panel_rests, const struct cvm_reach *plan, float least) {
  vec left[ROWS], right[ROWS];
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) left[row] = right[row] = splat(0);
  size_t i = 0;
  for (size_t check = 0; check < plan->checks; check++) {
    for (; i < plan->ends[check]; i++) {
      const vec b_left = get(panel + i * PANEL, WIDTH, 0), b_right = get(panel + i * PANEL + WIDTH, WIDTH, 0);
#pragma clang loop unroll(full)
      for (int row = 0; row < rows; row++) {
        const vec factor = splat(a[row * plan->size + i]);
        left[row] = multiply_add(factor, b_left, left[row]);
        right[row] = multiply_add(factor, b_right, right[row]);
      }
    }
    const size_t place = plan->rests[check];
    vec most_left = splat(-INFINITY), most_right = most_left;
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
      const vec rest = splat(a_rests[row * plan->places + place]);
      const vec bound_left = multiply_add(rest, get(panel_rests + place * PANEL, WIDTH, 0), left[row]);
      const vec bound_right = multiply_add(rest, get(panel_rests + place * PANEL + WIDTH, WIDTH, 0), right[row]);
      most_left = GREATER(bound_left, most_left);
      most_right = GREATER(bound_right, most_right);
    }
    if (!any(GREATER(most_left, most_right) >= splat(least))) return check;
  }
#pragma clang loop unroll(full)
  for (int row = 0; row < rows; row++) {
    put(c + row * PANEL, left[row], WIDTH);
    put(c + row * PANEL + WIDTH, right[row], WIDTH);
  }
  return plan->checks;
}

#define REACH_CASE(N)                                                                                    \
  case N:                                                                                                \
    passed = reach_tile(N, c, a, a_rests, panels + at * panel_stride, panel_rests + at * rest_stride, plan, least); \
    break;

static size_t reach_panels(float *c, const float *a, const float *a_rests, size_t rows, const float *panels,
                           const float *panel_rests, size_t first, size_t end, const struct cvm_reach *plan,
                           float least, size_t *passes) {
  const size_t panel_stride = plan->size * PANEL, rest_stride = plan->places * PANEL;
  for (size_t at = first; at < end; at++) {
    size_t passed = 0;
    switch (rows) {
      REACH_CASE(1)
      REACH_CASE(2)
      REACH_CASE(3)
      REACH_CASE(4)
      REACH_CASE(5)
      REACH_CASE(6)
#if ROWS > 6
      REACH_CASE(7)
      REACH_CASE(8)
      REACH_CASE(9)
      REACH_CASE(10)
      REACH_CASE(11)
      REACH_CASE(12)
      REACH_CASE(13)
      REACH_CASE(14)
#endif
    }
    if (passes) {
      for (size_t check = 0; check < passed; check++) passes[check]++;
    }
    if (passed == plan->checks) return at;
  }
  return end;
}
