#include "CVectorMath.h"
enum cvm_path cvm_active_path(void) { return CVM_PORTABLE; }
