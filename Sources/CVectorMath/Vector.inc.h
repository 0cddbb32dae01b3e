// A vector of WIDTH floats, and loops over a row in such steps. Included once by each path's file, which defines WIDTH
// and then adds what differs between processors: multiply_add, multiply_add_double, product_rest, load_tail, store_tail, scale_or_zero, any.
#define INLINE inline __attribute__((always_inline))

typedef float vec __attribute__((ext_vector_type(WIDTH)));
typedef int ivec __attribute__((ext_vector_type(WIDTH)));
typedef unsigned uvec __attribute__((ext_vector_type(WIDTH)));
typedef double dvec __attribute__((ext_vector_type(WIDTH)));
typedef double dhalf __attribute__((ext_vector_type(WIDTH / 2)));

// 1.5 * 2^23 + 127: added to a small number it leaves the nearest integer, with the bias of a float32 exponent, in the
// low bits.
#define EXPONENT_SHIFT 12583039.0f

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
#define FOR_ROW_IN_LANES(n, BODY)                              \
  {                                                            \
    size_t i = 0;                                              \
    for (; i + LANES * WIDTH <= (n);) {                        \
      _Pragma("clang loop unroll(full)")                       \
      for (int lane = 0; lane < LANES; lane++, i += WIDTH) {   \
        const size_t count = WIDTH;                            \
        BODY                                                   \
      }                                                        \
    }                                                          \
    for (; i + WIDTH <= (n); i += WIDTH) {                     \
      const int lane = 0;                                      \
      const size_t count = WIDTH;                              \
      BODY                                                     \
    }                                                          \
    if (i < (n)) {                                             \
      const int lane = 1;                                      \
      const size_t count = (n) - i;                            \
      BODY                                                     \
    }                                                          \
  }

#define SUM(a, b) ((a) + (b))
#define GREATER(a, b) ((a) > (b) ? (a) : (b))

// The four numbers left when COMBINE has joined the halves of a vector.
#if WIDTH == 16
#define FOLD_TO_FOUR(COMBINE, v) ({ __auto_type eight = COMBINE((v).lo, (v).hi); COMBINE(eight.lo, eight.hi); })
#elif WIDTH == 8
#define FOLD_TO_FOUR(COMBINE, v) COMBINE((v).lo, (v).hi)
#else
#define FOLD_TO_FOUR(COMBINE, v) (v)
#endif

// The sum of all numbers in four sums, the last steps in double.
static INLINE double total(const vec sums[LANES]) {
  const dvec wide = __builtin_convertvector((sums[0] + sums[1]) + (sums[2] + sums[3]), dvec);
  const __auto_type four = FOLD_TO_FOUR(SUM, wide);
  return SUM(SUM(four.x, four.z), SUM(four.y, four.w));
}

// The largest of all numbers, none of them NaN.
static INLINE float greatest(const vec most[LANES]) {
  const vec all = GREATER(GREATER(most[0], most[1]), GREATER(most[2], most[3]));
  const __auto_type four = FOLD_TO_FOUR(GREATER, all);
  return GREATER(GREATER(four.x, four.z), GREATER(four.y, four.w));
}
