#ifndef GRAFT_CBUILDCOMMIT_H
#define GRAFT_CBUILDCOMMIT_H

/// The commit that the build was told, such as "6b158e5f18b9" or "6b158e5f18b9-dirty"; "" for none.
const char *graft_build_commit(void);

#endif
