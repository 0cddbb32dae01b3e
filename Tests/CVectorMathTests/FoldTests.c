// Folding of a message: the rest has the check of the whole, for two polynomials.
#include "Support.h"

// In reflected order, as in zip files and in TensorFlow checkpoints.
static const uint32_t polynomials[] = {0xEDB88320u, 0x82F63B78u};

static uint32_t times_x(uint32_t remainder, uint32_t polynomial) {
  return remainder & 1 ? remainder >> 1 ^ polynomial : remainder >> 1;
}

// One bit at a time.
static uint32_t crc_of(const unsigned char *bytes, size_t n, uint32_t crc, uint32_t polynomial) {
  for (size_t i = 0; i < n; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = times_x(crc, polynomial);
  }
  return crc;
}

// x to the power of `exponent`; a product of reflected factors stands one bit too low.
static uint64_t factor(size_t exponent, uint32_t polynomial) {
  uint32_t power = 1u << 31;
  for (size_t i = 0; i < exponent; i++) power = times_x(power, polynomial);
  return (uint64_t)power << 32;
}

void test_fold(void) {
  begin_row("fold", 0, "step");
  const size_t step = cvm_fold_step();
  expect(step == 0 || step == 128 || step == 256, "a step of another size");
  expect(cvm_active_path() != CVM_PORTABLE || step == 0, "a step on the portable path");
  if (step == 0) return;
  for (int which = 0; which < 2; which++) {
    const uint32_t polynomial = polynomials[which];
    const struct cvm_fold_factors factors = {
        {factor(step * 8 + 63, polynomial), factor(step * 8 - 1, polynomial)},
        {factor(128 + 63, polynomial), factor(128 - 1, polynomial)}};
    for (size_t n = step; n <= 16 * step; n += step) {
      begin_row("fold", n, which ? "CRC-32C" : "CRC-32");
      unsigned char *bytes = (unsigned char *)row(0, n / 4), *rest = (unsigned char *)row(1, 4);
      for (size_t i = 0; i < n; i++) bytes[i] = (unsigned char)next_bits();
      const uint32_t crc = (uint32_t)next_bits();
      cvm_fold(rest, bytes, n, crc, step, &factors);
      expect_equal(n, crc_of(rest, 16, 0, polynomial), crc_of(bytes, n, crc, polynomial));
      expect_neighbours_untouched();
    }
  }
}
