#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <sys/time.h>

// SHA-1 whose state is a plain value: it is copied to start from a midstate, where EVP's contexts allocate for each
// copy. OpenSSL calls these functions deprecated, not wrong; wrapped, they do not warn in Swift.
static inline void viva_sha1_init(SHA_CTX *context) { (void)SHA1_Init(context); }
static inline void viva_sha1_update(SHA_CTX *context, const void *bytes, size_t count) {
  (void)SHA1_Update(context, bytes, count);
}
static inline void viva_sha1_final(SHA_CTX *context, unsigned char *digest) { (void)SHA1_Final(digest, context); }

// What Swift cannot import: function-like macros, variadic functions, constants that are casts.

static inline int viva_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline long viva_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int viva_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *groups) {
  return (int)SSL_CTX_set1_groups_list(context, (char *)groups);
}
static inline long viva_SSL_CTX_set_max_cert_list(SSL_CTX *context, long bytes) {
  return SSL_CTX_set_max_cert_list(context, bytes);
}
static inline long viva_SSL_set_mtu(SSL *ssl, long mtu) { return SSL_set_mtu(ssl, mtu); }

// 1 and the time left in *microseconds, or 0 when no timer runs.
static inline int viva_DTLSv1_get_timeout(SSL *ssl, int64_t *microseconds) {
  struct timeval left = {0, 0};
  int running = (int)DTLSv1_get_timeout(ssl, &left);
  *microseconds = (int64_t)left.tv_sec * 1000000 + left.tv_usec;
  return running;
}
static inline int viva_DTLSv1_handle_timeout(SSL *ssl) { return (int)DTLSv1_handle_timeout(ssl); }

static inline EVP_PKEY *viva_EVP_EC_gen_P256(void) { return EVP_EC_gen("P-256"); }

static inline void viva_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void viva_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }

static inline uint64_t viva_SSL_OP_NO_QUERY_MTU(void) { return SSL_OP_NO_QUERY_MTU; }
static inline uint64_t viva_SSL_OP_NO_TICKET(void) { return SSL_OP_NO_TICKET; }
static inline uint64_t viva_SSL_OP_NO_RENEGOTIATION(void) { return SSL_OP_NO_RENEGOTIATION; }
static inline uint64_t viva_SSL_OP_NO_COMPRESSION(void) { return SSL_OP_NO_COMPRESSION; }
static inline uint64_t viva_SSL_OP_CIPHER_SERVER_PREFERENCE(void) { return SSL_OP_CIPHER_SERVER_PREFERENCE; }

#endif
