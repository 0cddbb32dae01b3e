// Seeded numbers and the lengths of rows.
#include "Support.h"

static uint64_t state;

void seed(uint64_t value) { state = value; }

// SplitMix64 (Steele, Lea and Flood 2014).
uint64_t next_bits(void) {
  uint64_t z = state += 0x9E3779B97F4A7C15u;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

double uniform(double low, double high) { return low + (high - low) * ((double)(next_bits() >> 11) * 0x1p-53); }

// The sum of twelve uniform numbers has variance 1.
float normal(double mean, double deviation) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += (double)(next_bits() >> 11) * 0x1p-53;
  return (float)(mean + deviation * sum);
}

void fill_normal(float *to, size_t n, double mean, double deviation) {
  for (size_t i = 0; i < n; i++) to[i] = normal(mean, deviation);
}

double largest_magnitude(const double *values, size_t n) {
  double largest = 0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(values[i]));
  return largest;
}

float multiply_add(float a, float b, float c) { return set_is_fused() ? fmaf(a, b, c) : a * b + c; }
double multiply_add_double(double a, double b, double c) { return set_is_fused() ? fma(a, b, c) : a * b + c; }

#define TEN(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, n + 8, n + 9
const size_t row_lengths[] = {
    TEN(0),  TEN(10), TEN(20),  TEN(30),  TEN(40),  TEN(50),  TEN(60), TEN(70), TEN(80),
    TEN(90), TEN(100), TEN(110), TEN(120), TEN(130), TEN(140), 255, 256, 257, 767, 768, 1000,
    // Long ones.
    TEN(4090), 4111, 4112, 4113, 4159, 4160, 4161, 8191, 8192, 8193, 9001};
const size_t row_length_count = sizeof row_lengths / sizeof *row_lengths;
const size_t every_row_length_count = 150, short_row_length_count = 156;
