// Why a TLS handshake failed, in words.
//
// Private to lb/http. Reads and clears OpenSSL's error queue of this thread.
#ifndef LB_HTTP_TLS_ERRORS_H_
#define LB_HTTP_TLS_ERRORS_H_

#include <openssl/ssl.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lb::http {

// What the peer's certificate should be like.
struct WantedCertificate {
  std::string_view peer;  // "server" or "client".
  std::string_view name;  // That it should have.
  absl::Time now;         // When it should be valid; civil.
};

// Why a certificate of the peer's chain is not accepted.
//
//   "the server's certificate has expired at 2024-01-01T00:00:00Z, now is ..."
//
// Unauthenticated. REQUIRES: a callback of the verification, which has failed.
absl::Status CertificateRefused(X509_STORE_CTX* verification,
                                const WantedCertificate& wanted);

// Any other failure, by the last of OpenSSL's errors:
//
//   "the server refuses: certificate required"  (an alert, RFC 8446, 6.2)
//   "the server does not speak TLS"
//
// Unavailable.
absl::Status TlsFailed(const SSL* ssl);

}  // namespace lb::http

#endif  // LB_HTTP_TLS_ERRORS_H_
