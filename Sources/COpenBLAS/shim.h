// The OpenBLAS entry points Graft calls: CBLAS, the thread count, and four LAPACK routines by their Fortran names
// (Debian's OpenBLAS is built without LAPACKE, so lapacke.h may not match it).
#ifndef GRAFT_COPENBLAS_H
#define GRAFT_COPENBLAS_H

#include <cblas.h>

// Cholesky factor, inverse from it, symmetric eigenvalues, and singular values; column-major, all scalars by reference.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
             const int *ldb, int *info);
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);
void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u,
             const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info);

#endif
