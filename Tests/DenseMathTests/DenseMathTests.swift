// DenseMathTests
