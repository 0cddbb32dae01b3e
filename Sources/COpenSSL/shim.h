#ifndef GRAFT_COPENSSL_H
#define GRAFT_COPENSSL_H
#include <openssl/evp.h>
#endif
