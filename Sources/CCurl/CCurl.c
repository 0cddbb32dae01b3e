#include "CCurl.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct graft_curl {
  CURL *handle;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode started;

// libcurl's start is not safe against a second one on older versions.
static void start(void) { started = curl_global_init(CURL_GLOBAL_DEFAULT); }

graft_curl *graft_curl_create(void) {
  pthread_once(&once, start);
  if (started != CURLE_OK) return NULL;
  graft_curl *client = malloc(sizeof *client);
  if (client == NULL) return NULL;
  client->handle = curl_easy_init();
  if (client->handle == NULL) {
    free(client);
    return NULL;
  }
  return client;
}

void graft_curl_free(graft_curl *client) {
  if (client == NULL) return;
  curl_easy_cleanup(client->handle);
  free(client);
}

static size_t receive_header(char *line, size_t size, size_t count, void *context) {
  const graft_curl_receiver *receiver = context;
  return receiver->header(receiver->context, line, size * count) ? size * count : 0;
}

static size_t receive_body(char *bytes, size_t size, size_t count, void *context) {
  const graft_curl_receiver *receiver = context;
  return receiver->body(receiver->context, bytes, size * count) ? size * count : 0;
}

static int receive_progress(void *context, curl_off_t download_total, curl_off_t downloaded, curl_off_t upload_total,
                            curl_off_t uploaded) {
  (void)download_total, (void)downloaded, (void)upload_total, (void)uploaded;
  const graft_curl_receiver *receiver = context;
  return receiver->proceed(receiver->context) ? 0 : 1;
}

static graft_curl_failure failure(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
      return GRAFT_CURL_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return GRAFT_CURL_CUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return GRAFT_CURL_UNTRUSTED;
    case CURLE_WRITE_ERROR:
    case CURLE_ABORTED_BY_CALLBACK:
      return GRAFT_CURL_STOPPED;
    default:
      return GRAFT_CURL_OTHER;
  }
}

static CURLcode configure(CURL *handle, const graft_curl_request *request, const graft_curl_receiver *receiver,
                          struct curl_slist *headers, char *text) {
  CURLcode code;
#define SET(option, value) \
  if ((code = curl_easy_setopt(handle, option, value)) != CURLE_OK) return code
  SET(CURLOPT_ERRORBUFFER, text);
  SET(CURLOPT_URL, request->url);
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_NOBODY, request->head ? 1L : 0L);
  SET(CURLOPT_HTTPHEADER, headers);
  SET(CURLOPT_PROXY, request->proxy);
  // Whom the proxy is not for is decided by the caller.
  SET(CURLOPT_NOPROXY, "");
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (request->certificates != NULL) SET(CURLOPT_CAINFO, request->certificates);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_CONNECTTIMEOUT, request->connect_seconds);
  SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
  SET(CURLOPT_LOW_SPEED_TIME, request->stall_seconds);
  SET(CURLOPT_BUFFERSIZE, 256L * 1024L);
  SET(CURLOPT_HEADERFUNCTION, receive_header);
  SET(CURLOPT_HEADERDATA, (void *)receiver);
  SET(CURLOPT_WRITEFUNCTION, receive_body);
  SET(CURLOPT_WRITEDATA, (void *)receiver);
  SET(CURLOPT_NOPROGRESS, 0L);
  SET(CURLOPT_XFERINFOFUNCTION, receive_progress);
  SET(CURLOPT_XFERINFODATA, (void *)receiver);
#undef SET
  return CURLE_OK;
}

bool graft_curl_perform(graft_curl *client, const graft_curl_request *request, const graft_curl_receiver *receiver,
                        graft_curl_error *error) {
  char text[CURL_ERROR_SIZE] = "";
  struct curl_slist *headers = NULL;
  CURLcode code = CURLE_OK;
  for (size_t index = 0; index < request->header_count; index++) {
    struct curl_slist *longer = curl_slist_append(headers, request->headers[index]);
    if (longer == NULL) {
      code = CURLE_OUT_OF_MEMORY;
      break;
    }
    headers = longer;
  }
  // Connections stay, options do not.
  curl_easy_reset(client->handle);
  if (code == CURLE_OK) code = configure(client->handle, request, receiver, headers, text);
  if (code == CURLE_OK) code = curl_easy_perform(client->handle);
  curl_easy_reset(client->handle);
  curl_slist_free_all(headers);
  if (code == CURLE_OK) return true;
  // After a name that was not found, libcurl 7.88 refuses the next request of the same handle (CURLE_BAD_FUNCTION_ARGUMENT).
  CURL *fresh = curl_easy_init();
  if (fresh != NULL) {
    curl_easy_cleanup(client->handle);
    client->handle = fresh;
  }
  error->failure = failure(code);
  const char *message = text[0] != '\0' ? text : curl_easy_strerror(code);
  strncpy(error->text, message, sizeof error->text - 1);
  error->text[sizeof error->text - 1] = '\0';
  return false;
}

static char *part(CURLU *url, CURLUPart what, unsigned int flags) {
  char *text = NULL;
  return curl_url_get(url, what, &text, flags) == CURLUE_OK ? text : NULL;
}

bool graft_curl_url_parse(const char *base, const char *text, graft_curl_url *parsed) {
  memset(parsed, 0, sizeof *parsed);
  pthread_once(&once, start);
  CURLU *url = curl_url();
  if (url == NULL) return false;
  bool good = (base == NULL || curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK) &&
              curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK;
  if (good) {
    parsed->scheme = part(url, CURLUPART_SCHEME, 0);
    parsed->host = part(url, CURLUPART_HOST, 0);
    char *port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    char *user = part(url, CURLUPART_USER, 0);
    char *password = part(url, CURLUPART_PASSWORD, 0);
    parsed->has_credentials = user != NULL || password != NULL;
    parsed->port = port == NULL ? 0 : (uint16_t)strtoul(port, NULL, 10);
    curl_free(port);
    curl_free(user);
    curl_free(password);
    // A fragment is not for the server.
    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    parsed->url = part(url, CURLUPART_URL, 0);
    good = parsed->url != NULL && parsed->scheme != NULL && parsed->host != NULL && parsed->host[0] != '\0' &&
           (strcmp(parsed->scheme, "http") == 0 || strcmp(parsed->scheme, "https") == 0);
  }
  curl_url_cleanup(url);
  if (!good) graft_curl_url_free(parsed);
  return good;
}

void graft_curl_url_free(graft_curl_url *parsed) {
  curl_free(parsed->url);
  curl_free(parsed->scheme);
  curl_free(parsed->host);
  memset(parsed, 0, sizeof *parsed);
}

int64_t graft_curl_date(const char *text) { return (int64_t)curl_getdate(text, NULL); }
