#ifndef GRAFT_CCURL_H
#define GRAFT_CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A client that keeps its connections from request to request. To be used by one thread at a time.
typedef struct graft_curl graft_curl;

/// One request. Strings end with a NUL and are copied.
typedef struct {
  /// http or https, absolute.
  const char *url;
  /// True for HEAD, false for GET.
  bool head;
  /// "Name: value", without line ends.
  const char *const *headers;
  size_t header_count;
  /// The proxy's URL; "" for none. The process's environment is not read.
  const char *proxy;
  /// A file of certificates to trust in place of the system's; NULL for the system's.
  const char *certificates;
  /// How long connecting may take.
  long connect_seconds;
  /// How long a transfer may stay below one byte per second.
  long stall_seconds;
} graft_curl_request;

/// What gets an answer. A call that returns false ends the transfer.
typedef struct {
  void *context;
  /// Gets each line of the header of the final answer's message and of what precedes it (100 Continue), line end included.
  bool (*header)(void *context, const char *line, size_t count);
  bool (*body)(void *context, const void *bytes, size_t count);
  /// Asked several times per second.
  bool (*proceed)(void *context);
} graft_curl_receiver;

/// Why a transfer failed.
typedef enum {
  /// No connection was made: name not found, refused, timed out, proxy.
  GRAFT_CURL_UNREACHABLE,
  /// The connection was lost before the answer was complete.
  GRAFT_CURL_CUT,
  /// The server's certificate was not accepted, or TLS could not be agreed upon.
  GRAFT_CURL_UNTRUSTED,
  /// A function of the receiver returned false.
  GRAFT_CURL_STOPPED,
  /// Anything else.
  GRAFT_CURL_OTHER,
} graft_curl_failure;

/// Receives a message when a call fails; always ended by a NUL.
typedef struct {
  graft_curl_failure failure;
  char text[256];
} graft_curl_error;

/// NULL when libcurl cannot start.
graft_curl *graft_curl_create(void);

void graft_curl_free(graft_curl *client);

/// Sends a request and hands over the answer, whatever its status. True when the answer was complete.
bool graft_curl_perform(graft_curl *client, const graft_curl_request *request, const graft_curl_receiver *receiver,
                        graft_curl_error *error);

/// A URL in parts. Each string is to be freed with graft_curl_url_free(); `port` is the scheme's where none is given.
typedef struct {
  char *url;
  char *scheme;
  char *host;
  uint16_t port;
  bool has_credentials;
} graft_curl_url;

/// Parses a URL, absolute or relative to `base` (NULL for absolute only). False for what is no http or https URL; then
/// `*parsed` needs no freeing.
bool graft_curl_url_parse(const char *base, const char *text, graft_curl_url *parsed);

void graft_curl_url_free(graft_curl_url *parsed);

/// Seconds since 1970 of an HTTP date; -1 for what is none.
int64_t graft_curl_date(const char *text);

#ifdef __cplusplus
}
#endif
#endif
