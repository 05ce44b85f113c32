// TlsContext: the certificates and rules of TLS handshakes, checked and fixed.
//
//   LB_ASSIGN_OR_RETURN(const auto context,
//                       TlsContext::MakeClient({.ca_pem = ca}));
//   LB_ASSIGN_OR_RETURN(
//       auto session, TlsSession::Client(context, "api.example", civil_now));
//
// TLS 1.2 or newer, with the ciphers that HTTP/2 allows; no renegotiation, no
// compression, no resumption. Certificates are not asked for at their
// authorities again: there are no revocation lists and no OCSP.
//
// Immutable; sessions share it and keep it alive. Files are read in one case
// only: without `ca_pem` OpenSSL reads the host's authorities (/etc/ssl/certs)
// during handshakes.
#ifndef LB_HTTP_TLS_CONTEXT_H_
#define LB_HTTP_TLS_CONTEXT_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace lb::http {

// What a client knows and shows, as text in PEM form. A text has at most
// kPemBytesMax bytes.
struct TlsCredentials {
  // The authorities that may vouch for the server. An authority may be an
  // intermediate one. Empty: those of the host.
  std::string ca_pem;
  // The client's certificate, then its chain. Empty: it shows none.
  std::string certificate_pem;
  std::string key_pem;  // Its private key, not encrypted.
};

// For tests and simulated servers.
struct TlsServerCredentials {
  std::string certificate_pem;
  std::string key_pem;
  // The authorities of clients, which then have to show a certificate. Empty:
  // a client shows none.
  std::string client_ca_pem;
  // What it speaks inside TLS (ALPN). It refuses a client that does not offer
  // that. Empty: it says nothing about it.
  std::string protocol = "h2";
};

class TlsContext {
 public:
  static constexpr size_t kPemBytesMax = 1 << 20;

  // Each message is "tls: field: what is wrong, want what would be right".
  // InvalidArgument: a text has no certificate or key or more than
  // kPemBytesMax bytes, key and certificate do not belong together, one of
  // them comes without the other, or OpenSSL does not take one, for example
  // because its key is too short. Expiry is judged in the handshake.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> MakeClient(
      const TlsCredentials& credentials);
  static absl::StatusOr<std::shared_ptr<const TlsContext>> MakeServer(
      const TlsServerCredentials& credentials);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  bool is_server() const { return is_server_; }
  const std::string& protocol() const { return protocol_; }
  // A new SSL of it. For TlsSession.
  SSL* NewSsl() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  TlsContext(bool is_server, std::string protocol);

  const bool is_server_;
  const std::string protocol_;
  const std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace lb::http

#endif  // LB_HTTP_TLS_CONTEXT_H_
