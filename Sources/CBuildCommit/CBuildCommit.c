#include "CBuildCommit.h"

const char *graft_build_commit(void) { return GRAFT_COMMIT; }
