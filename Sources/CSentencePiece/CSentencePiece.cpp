#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

struct graft_sentencepiece {
  sentencepiece::SentencePieceProcessor processor;
};

namespace {

void set(graft_sentencepiece_error *error, const char *message) {
  std::strncpy(error->text, message, sizeof error->text - 1);
  error->text[sizeof error->text - 1] = '\0';
}

/// Runs `body`, which returns a status; no C++ exception may pass into Swift.
template <typename Body>
bool attempt(graft_sentencepiece_error *error, Body body) {
  try {
    const sentencepiece::util::Status status = body();
    if (status.ok()) return true;
    set(error, status.error_message());
  } catch (const std::exception &exception) {
    set(error, exception.what());
  } catch (...) {
    set(error, "an unknown exception");
  }
  return false;
}

/// A malloc'ed block of at least one byte.
template <typename Element>
Element *allocate(size_t count) {
  void *block = std::malloc(count > 0 ? count * sizeof(Element) : 1);
  if (block == nullptr) throw std::bad_alloc();
  return static_cast<Element *>(block);
}

std::string_view view(const void *bytes, size_t count) {
  return std::string_view(static_cast<const char *>(bytes), count);
}

}  // namespace

graft_sentencepiece *graft_sentencepiece_load(const void *bytes, size_t count, graft_sentencepiece_error *error) {
  graft_sentencepiece *model = nullptr;
  const bool loaded = attempt(error, [&] {
    model = new graft_sentencepiece();
    return model->processor.LoadFromSerializedProto(view(bytes, count));
  });
  if (loaded) return model;
  delete model;
  return nullptr;
}

void graft_sentencepiece_free(graft_sentencepiece *model) { delete model; }

bool graft_sentencepiece_encode(const graft_sentencepiece *model, const void *text, size_t count,
                                graft_sentencepiece_piece **pieces, size_t *piece_count,
                                graft_sentencepiece_error *error) {
  return attempt(error, [&] {
    sentencepiece::ImmutableSentencePieceText encoded;
    const auto status = model->processor.Encode(view(text, count), encoded.mutable_proto());
    if (!status.ok()) return status;
    *piece_count = encoded.pieces_size();
    *pieces = allocate<graft_sentencepiece_piece>(*piece_count);
    for (size_t index = 0; index < *piece_count; ++index) {
      const auto piece = encoded.pieces(static_cast<int>(index));
      (*pieces)[index] = {static_cast<int32_t>(piece.id()), piece.begin(), piece.end()};
    }
    return status;
  });
}

bool graft_sentencepiece_decode(const graft_sentencepiece *model, const int32_t *ids, size_t count, char **text,
                                size_t *text_count, graft_sentencepiece_error *error) {
  return attempt(error, [&] {
    std::string decoded;
    const auto status = model->processor.Decode(std::vector<int>(ids, ids + count), &decoded);
    if (!status.ok()) return status;
    *text_count = decoded.size();
    *text = allocate<char>(decoded.size());
    std::memcpy(*text, decoded.data(), decoded.size());
    return status;
  });
}
