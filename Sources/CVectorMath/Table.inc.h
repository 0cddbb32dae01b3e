// The path's table of functions; the last file each path includes.
const struct cvm_kernels KERNELS = {
  .path = PATH,
  .add = row_add,
  .gelu_erf = row_gelu_erf,
  .gelu_tanh = row_gelu_tanh,
  .gelu_sigmoid = row_gelu_sigmoid,
  .relu = row_relu,
  .silu = row_silu,
  .tanh = row_tanh,
  .bias_residual = row_bias_residual,
  .layer_norm = row_layer_norm,
  .residual_layer_norm = row_residual_layer_norm,
  .softmax = row_softmax,
  .log_sum_exp = row_log_sum_exp,
  .argmax = row_argmax,
  .first_nonfinite = row_first_nonfinite,
};
