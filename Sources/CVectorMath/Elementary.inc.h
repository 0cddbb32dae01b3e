// exp, tanh and the activations on one vector. The coefficients are least-maximum fits made for this file (Lawson's
// iteration at 40 digits, then rounded to float32).

// e^(x + correction) for x <= 0 or NaN and a correction below x's rounding; exactly 0 below -87.33, where the result
// would be subnormal: such numbers are lost in any sum, and each costs the processor some 100 ns, here and in the
// product that reads it.
// k is the nearest integer to x / ln 2, r = x - k ln 2; ln 2 in two parts, the first short enough for k times it to be
// exact (Cody and Waite 1980). e^r = 1 + r + r^2 P(r) to 3e-9.
static INLINE vec exp_nonpositive(vec x, vec correction) {
  const ivec keep = ~(x < splat(-87.33f));
  const vec shifted = multiply_add(x, splat(1.44269504f), splat(EXPONENT_SHIFT));
  const vec k = shifted - splat(EXPONENT_SHIFT);
  vec r = multiply_add(k, splat(-0.693359375f), x);
  r = multiply_add(k, splat(2.12194440e-4f), r) + correction;
  vec p = splat(0.00138143182f);
  p = multiply_add(p, r, splat(0.00836885162f));
  p = multiply_add(p, r, splat(0.0416684002f));
  p = multiply_add(p, r, splat(0.166665196f));
  p = multiply_add(p, r, splat(0.49999994f));
  p = multiply_add(p, r, splat(1.0f));
  p = multiply_add(p, r, splat(1.0f));
  return scale_or_zero(p, shifted, keep);
}

// Each gate below is near a step function g with g(x) + g(-x) = 1, so that x g(x) = max(x, 0) - |x| g(-|x|): no
// cancellation for any sign, and only g at negative numbers is needed. |x| is cut where g has become exactly 0.
static INLINE vec gated(vec x, vec size, vec gate_below) {
  const vec positive_part = x > splat(0.0f) ? x : splat(0.0f);
  return multiply_add(-size, gate_below, positive_part);
}

static INLINE vec size_up_to(vec x, float most) {
  const vec size = __builtin_elementwise_abs(x);
  return size > splat(most) ? splat(most) : size;
}

// 1 / (1 + e^-v) for v <= 0.
static INLINE vec sigmoid_below(vec v) {
  const vec e = exp_nonpositive(v, splat(0.0f));
  return e / (e + splat(1.0f));
}

// exp(-a^2 / 2), and the normal distribution at -a: that times R(a), with R(a) = erfcx(a / sqrt 2) / 2 as a ratio of
// polynomials with positive coefficients, to 6e-9 on [0, 15]. The rounding of a^2, which would be that of the exponent,
// is put back.
static INLINE vec normal_below(vec a, vec *density) {
  const vec factor = a * splat(-0.5f);
  const vec exponent = a * factor;
  *density = exp_nonpositive(exponent, product_rest(a, factor, exponent));
  vec p = splat(0.00415332988f);
  p = multiply_add(p, a, splat(0.0408817902f));
  p = multiply_add(p, a, splat(0.183971077f));
  p = multiply_add(p, a, splat(0.439286023f));
  p = multiply_add(p, a, splat(0.5f));
  vec q = splat(0.0104107419f);
  q = multiply_add(q, a, splat(0.102481566f));
  q = multiply_add(q, a, splat(0.471413821f));
  q = multiply_add(q, a, splat(1.20555627f));
  q = multiply_add(q, a, splat(1.67645705f));
  q = multiply_add(q, a, splat(1.0f));
  return *density * (p / q);
}

// The gate is the normal distribution.
static INLINE vec gelu_erf(vec x) {
  const vec a = size_up_to(x, 15.0f);
  vec density;
  const vec below = normal_below(a, &density);
  return gated(x, a, below);
}

// 0.5 (1 + tanh u) = sigmoid(2 u), with 2 sqrt(2/pi) = 1.5957691 and that times 0.044715 = 0.071354814.
static INLINE vec gelu_tanh(vec x) {
  const vec a = size_up_to(x, 15.0f);
  return gated(x, a, sigmoid_below(a * multiply_add(a * a, splat(-0.071354814f), splat(-1.59576912f))));
}

static INLINE vec gelu_sigmoid(vec x) {
  const vec a = size_up_to(x, 100.0f);
  return gated(x, a, sigmoid_below(a * splat(-1.702f)));
}

static INLINE vec silu(vec x) {
  const vec a = size_up_to(x, 100.0f);
  return gated(x, a, sigmoid_below(-a));
}

// x > 0 would turn NaN into 0.
static INLINE vec relu(vec x) { return x < splat(0.0f) ? splat(0.0f) : x; }

// x + x^3 P(x^2) below 5/8, where (1 - e) / (1 + e) with e = e^(-2|x|) would cancel.
static INLINE vec tanh_of(vec x) {
  const vec a = __builtin_elementwise_abs(x);
  const vec square = x * x;
  vec p = splat(-0.00570499059f);
  p = multiply_add(p, square, splat(0.0206390899f));
  p = multiply_add(p, square, splat(-0.0537397154f));
  p = multiply_add(p, square, splat(0.133314416f));
  p = multiply_add(p, square, splat(-0.333332807f));
  const vec small = multiply_add(p * square, x, x);
  const vec e = exp_nonpositive(a * splat(-2.0f), splat(0.0f));
  const vec large = __builtin_elementwise_copysign((splat(1.0f) - e) / (splat(1.0f) + e), x);
  return a < splat(0.625f) ? small : large;
}

// The slopes of the activations. With a gate g(x), x g(x) has the slope g(x) + x g'(x), and g'(x) = g'(-x).

static INLINE vec gated_slope(vec x, vec size, vec gate_below, vec gate_slope) {
  const vec gate = x > splat(0.0f) ? splat(1.0f) - gate_below : gate_below;
  return multiply_add(__builtin_elementwise_copysign(size, x), gate_slope, gate);
}

// s (1 - s) for the logistic gate.
static INLINE vec sigmoid_slope(vec below) { return multiply_add(-below, below, below); }

// The normal density is the distribution's slope; 1 / sqrt(2 pi) = 0.39894228.
static INLINE vec gelu_erf_slope(vec x) {
  const vec a = size_up_to(x, 15.0f);
  vec density;
  const vec below = normal_below(a, &density);
  return gated_slope(x, a, below, density * splat(0.39894228f));
}

static INLINE vec gelu_tanh_slope(vec x) {
  const vec a = size_up_to(x, 15.0f);
  const vec square = a * a;
  const vec below = sigmoid_below(a * multiply_add(square, splat(-0.071354814f), splat(-1.59576912f)));
  const vec inner = multiply_add(square, splat(0.214064442f), splat(1.59576912f));
  return gated_slope(x, a, below, sigmoid_slope(below) * inner);
}

static INLINE vec gelu_sigmoid_slope(vec x) {
  const vec a = size_up_to(x, 100.0f);
  const vec below = sigmoid_below(a * splat(-1.702f));
  return gated_slope(x, a, below, sigmoid_slope(below) * splat(1.702f));
}

static INLINE vec silu_slope(vec x) {
  const vec a = size_up_to(x, 100.0f);
  const vec below = sigmoid_below(-a);
  return gated_slope(x, a, below, sigmoid_slope(below));
}

// 0 at 0, as PyTorch has it; NaN stays.
static INLINE vec relu_slope(vec x) {
  const vec rest = x <= splat(0.0f) ? splat(0.0f) : x;
  return x > splat(0.0f) ? splat(1.0f) : rest;
}

static INLINE vec tanh_slope(vec x) {
  const vec y = tanh_of(x);
  return multiply_add(-y, y, splat(1.0f));
}
