// a b - product, where `product` is a b rounded: exact with a fused multiply-add.
static INLINE vec product_rest(vec a, vec b, vec product) { return multiply_add(a, b, -product); }
