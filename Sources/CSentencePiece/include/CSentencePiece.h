#ifndef GRAFT_CSENTENCEPIECE_H
#define GRAFT_CSENTENCEPIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A loaded model. Encoding and decoding may run on several threads at once.
typedef struct graft_sentencepiece graft_sentencepiece;

/// A piece of an encoded text: its id and the bytes [begin, end) of the text it came from.
typedef struct {
  int32_t id;
  uint32_t begin;
  uint32_t end;
} graft_sentencepiece_piece;

/// Receives a message when a call fails; always ended by a NUL.
typedef struct {
  char text[512];
} graft_sentencepiece_error;

/// Loads a serialized ModelProto. NULL on failure.
graft_sentencepiece *graft_sentencepiece_load(const void *bytes, size_t count, graft_sentencepiece_error *error);

void graft_sentencepiece_free(graft_sentencepiece *model);

/// Encodes well-formed UTF-8. True on success; `*pieces` is then to be freed with free().
bool graft_sentencepiece_encode(const graft_sentencepiece *model, const void *text, size_t count,
                                 graft_sentencepiece_piece **pieces, size_t *piece_count,
                                 graft_sentencepiece_error *error);

/// Decodes ids of the model. True on success; `*text` is then to be freed with free().
bool graft_sentencepiece_decode(const graft_sentencepiece *model, const int32_t *ids, size_t count, char **text,
                                 size_t *text_count, graft_sentencepiece_error *error);

#ifdef __cplusplus
}
#endif
#endif
