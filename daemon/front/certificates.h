// TLS files of the status service: reads them, and says why they cannot be
// used.
//
// Reads files; plain functions, any thread.
//
//   LB_ASSIGN_OR_RETURN(auto tls, ReadTlsFiles(files, absl::Now()));
//   ... NewTlsStream(std::move(socket), *tls) ...
#ifndef LB_DAEMON_FRONT_CERTIFICATES_H_
#define LB_DAEMON_FRONT_CERTIFICATES_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lb::front {

// PEM files.
struct TlsFiles {
  std::string cert;       // The server's, with its chain.
  std::string key;        // Its private key, not encrypted.
  std::string client_ca;  // Authorities of clients; empty: anyone may call.
};

// The settings of handshakes. They do not change.
struct TlsSetup {
  // TLS 1.2 or newer, HTTP/2, no renegotiation and no resumption: each
  // connection shows its certificate again.
  std::shared_ptr<SSL_CTX> context;
  std::string client_ca;  // The text of that file.
};

// Each message is "option: path: what is wrong, what was wanted". Unavailable:
// a file cannot be read. InvalidArgument: it has no certificate or key, key and
// certificate do not belong together, a certificate is not valid at
// `civil_now`, or OpenSSL does not take it, for example because its key is too
// short.
absl::StatusOr<std::shared_ptr<const TlsSetup>> ReadTlsFiles(
    const TlsFiles& files, absl::Time civil_now);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_CERTIFICATES_H_
