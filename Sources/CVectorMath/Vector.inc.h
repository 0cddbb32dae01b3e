// A vector of WIDTH floats, and loops over a row in such steps. Included once by each path's file, which defines WIDTH
// and then adds what differs between processors: multiply_add, load_tail, store_tail, scale_by_power and any.
#define INLINE inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(WIDTH)));
typedef int ivec __attribute__((ext_vector_type(WIDTH)));
typedef unsigned uvec __attribute__((ext_vector_type(WIDTH)));
typedef double dvec __attribute__((ext_vector_type(WIDTH)));

// 1.5 * 2^23: added to a small number it leaves the nearest integer in the low bits.
#define EXPONENT_SHIFT 12582912.0f

static INLINE vec splat(float value) { return (vec)(value); }

static INLINE vec load_tail(const float *p, size_t count, float fill);
static INLINE void store_tail(float *p, vec v, size_t count);

// The `count` numbers at p, at most WIDTH; lanes past them hold `fill`.
static INLINE vec get(const float *p, size_t count, float fill) {
  if (count < WIDTH) return load_tail(p, count, fill);
  vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// Writes the first `count` lanes.
static INLINE void put(float *p, vec v, size_t count) {
  if (count < WIDTH) {
    store_tail(p, v, count);
  } else {
    __builtin_memcpy(p, &v, sizeof v);
  }
}

// Runs BODY for each vector of a row of n: it sees `i`, the index of the first number, and `count`, how many there are.
#define FOR_ROW(n, BODY)                      \
  {                                           \
    size_t i = 0;                             \
    for (; i + WIDTH <= (n); i += WIDTH) {    \
      const size_t count = WIDTH;             \
      BODY                                    \
    }                                         \
    if (i < (n)) {                            \
      const size_t count = (n) - i;           \
      BODY                                    \
    }                                         \
  }

// The same with `lane` 0 to 3 besides, for reductions into four independent sums.
#define LANES 4
#define FOR_ROW_IN_LANES(n, BODY)                                           \
  {                                                                         \
    size_t i = 0;                                                           \
    for (; i + LANES * WIDTH <= (n);) {                                     \
      _Pragma("clang loop unroll(full)")                                    \
      for (int lane = 0; lane < LANES; lane++, i += WIDTH) {                \
        const size_t count = WIDTH;                                         \
        BODY                                                                \
      }                                                                     \
    }                                                                       \
    for (int lane = 0; i < (n); lane++, i += WIDTH) {                       \
      if (i + WIDTH <= (n)) {                                               \
        const size_t count = WIDTH;                                         \
        BODY                                                                \
      } else {                                                              \
        const size_t count = (n) - i;                                       \
        BODY                                                                \
      }                                                                     \
    }                                                                       \
  }

// The sum of all numbers in four sums, the last steps in double.
static INLINE double total(const vec sums[LANES]) {
  const dvec wide = __builtin_convertvector((sums[0] + sums[1]) + (sums[2] + sums[3]), dvec);
#if WIDTH == 16
  const double __attribute__((ext_vector_type(8))) eight = wide.lo + wide.hi;
  const double __attribute__((ext_vector_type(4))) four = eight.lo + eight.hi;
#elif WIDTH == 8
  const double __attribute__((ext_vector_type(4))) four = wide.lo + wide.hi;
#else
  const double __attribute__((ext_vector_type(4))) four = wide;
#endif
  return (four.x + four.z) + (four.y + four.w);
}
