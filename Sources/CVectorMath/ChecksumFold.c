// Folding of a message modulo a polynomial by carry-less products (Gopal et al., "Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction", Intel 2009), which the processor has or has not whatever its vectors are.
#include "CVectorMath.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define FOLDS 1
#define TARGET __attribute__((target("pclmul,sse4.1")))
typedef __m128i block;

static int folds_here(void) { return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"); }

TARGET static inline block load(const unsigned char *p) { return _mm_loadu_si128((const __m128i *)p); }
TARGET static inline block pair(uint64_t low, uint64_t high) { return _mm_set_epi64x((long long)high, (long long)low); }
TARGET static inline block add(block a, block b) { return _mm_xor_si128(a, b); }

TARGET static inline block fold(block x, block factors) {
  return _mm_xor_si128(_mm_clmulepi64_si128(x, factors, 0x00), _mm_clmulepi64_si128(x, factors, 0x11));
}
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif
#define FOLDS 1
#define TARGET __attribute__((target("aes")))
typedef uint64x2_t block;

static int folds_here(void) {
#if defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_PMULL) != 0;
#else
  return 1;
#endif
}

TARGET static inline block load(const unsigned char *p) { return vreinterpretq_u64_u8(vld1q_u8(p)); }
TARGET static inline block pair(uint64_t low, uint64_t high) { return vcombine_u64(vcreate_u64(low), vcreate_u64(high)); }
TARGET static inline block add(block a, block b) { return veorq_u64(a, b); }

TARGET static inline block fold(block x, block factors) {
  const poly64x2_t a = vreinterpretq_p64_u64(x), b = vreinterpretq_p64_u64(factors);
  const poly128_t low = vmull_p64(vgetq_lane_p64(a, 0), vgetq_lane_p64(b, 0));
  return veorq_u64(vreinterpretq_u64_p128(low), vreinterpretq_u64_p128(vmull_high_p64(a, b)));
}
#endif

#if defined(FOLDS)
// Eight blocks at a time: as many products as hide the latency of one.
enum { LANES = 8, STEP = LANES * 16 };

// The blocks, one after the other, as one.
TARGET static inline void join(unsigned char rest[16], const unsigned char *blocks, int count, const uint64_t near[2]) {
  const block factors = pair(near[0], near[1]);
  block all = load(blocks);
  for (int i = 1; i < count; i++) all = add(fold(all, factors), load(blocks + i * 16));
  memcpy(rest, &all, 16);
}

TARGET static void fold_all(unsigned char rest[16], const unsigned char *bytes, size_t n, uint32_t crc,
                            const struct cvm_fold_factors *by) {
  block lanes[LANES];
  for (int i = 0; i < LANES; i++) lanes[i] = load(bytes + i * 16);
  lanes[0] = add(lanes[0], pair(crc, 0));
  const block far = pair(by->far[0], by->far[1]);
  for (size_t at = STEP; at < n; at += STEP) {
    for (int i = 0; i < LANES; i++) lanes[i] = add(fold(lanes[i], far), load(bytes + at + i * 16));
  }
  join(rest, (const unsigned char *)lanes, LANES, by->near);
}
#endif

#if defined(__x86_64__)
// The same with four blocks in a register, where the processor multiplies all of them at once.
enum { WIDE_LANES = 4, WIDE_STEP = WIDE_LANES * 64 };
#define WIDE_TARGET __attribute__((target("avx512f,vpclmulqdq")))

static int folds_wide_here(void) {
  return cvm_active_path() == CVM_AVX512 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
}

WIDE_TARGET static void fold_wide(unsigned char rest[16], const unsigned char *bytes, size_t n, uint32_t crc,
                                  const struct cvm_fold_factors *by) {
  __m512i lanes[WIDE_LANES];
  for (int i = 0; i < WIDE_LANES; i++) lanes[i] = _mm512_loadu_si512(bytes + i * 64);
  lanes[0] = _mm512_xor_si512(lanes[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc)));
  const __m512i far = _mm512_broadcast_i32x4(_mm_set_epi64x((long long)by->far[1], (long long)by->far[0]));
  for (size_t at = WIDE_STEP; at < n; at += WIDE_STEP) {
    for (int i = 0; i < WIDE_LANES; i++) {
      const __m512i first = _mm512_clmulepi64_epi128(lanes[i], far, 0x00);
      const __m512i last = _mm512_clmulepi64_epi128(lanes[i], far, 0x11);
      // The sum of three.
      lanes[i] = _mm512_ternarylogic_epi64(first, last, _mm512_loadu_si512(bytes + at + i * 64), 0x96);
    }
  }
  join(rest, (const unsigned char *)lanes, WIDE_STEP / 16, by->near);
}
#endif

size_t cvm_fold_step(void) {
#if defined(__x86_64__)
  if (folds_wide_here()) return WIDE_STEP;
#endif
#if defined(FOLDS)
  if (cvm_active_path() != CVM_PORTABLE && folds_here()) return STEP;
#endif
  return 0;
}

void cvm_fold(unsigned char rest[16], const unsigned char *bytes, size_t n, uint32_t crc, size_t step,
              const struct cvm_fold_factors *factors) {
#if defined(__x86_64__)
  if (step == WIDE_STEP) {
    fold_wide(rest, bytes, n, crc, factors);
    return;
  }
#endif
#if defined(FOLDS)
  fold_all(rest, bytes, n, crc, factors);
#else
  (void)rest, (void)bytes, (void)n, (void)crc, (void)factors;
#endif
  (void)step;
}
