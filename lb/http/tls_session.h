// TlsSession: one TLS connection as bytes: those of the peer go in, those for
// the peer come out, and the plaintext of both directions.
//
//   LB_ASSIGN_OR_RETURN(
//       auto session, TlsSession::Client(context, "api.example", civil_now));
//   Send(session->TakeOutput());  // The greeting.
//   LB_RETURN_IF_ERROR(session->Receive(bytes));
//   Use(session->TakePlaintext());
//   Send(session->TakeOutput());
//
// A core: no socket, no clock, no thread. Its randomness is OpenSSL's, so the
// bytes differ from run to run.
//
// What waits in it is bounded by what it was given: Receive() leaves at most
// one record (16 KiB) undone, and plaintext is never longer than the bytes it
// came in. A certificate chain has at most 100 KiB (OpenSSL's limit).
#ifndef LB_HTTP_TLS_SESSION_H_
#define LB_HTTP_TLS_SESSION_H_

#include <openssl/bio.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/http/tls_context.h"

namespace lb::http {

class TlsSession {
 public:
  // A client. `server_name` is a DNS name or the text of an IP address; the
  // server's certificate must have it among its alternative names, and be valid
  // at `civil_now`. InvalidArgument: it is neither. REQUIRES: `context` is a
  // client's.
  static absl::StatusOr<std::unique_ptr<TlsSession>> Client(
      std::shared_ptr<const TlsContext> context, const std::string& server_name,
      absl::Time civil_now);

  // A server. REQUIRES: `context` is a server's.
  static std::unique_ptr<TlsSession> Server(
      std::shared_ptr<const TlsContext> context, absl::Time civil_now);

  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  // Takes the next bytes of the peer, which may end anywhere. There may be
  // output and plaintext afterwards, also after an error: an alert for the
  // peer, and what came before the error.
  //
  // The first error ends the session; every later call returns it again.
  // Unauthenticated: the peer's certificate is not accepted (expired, another
  // name, an unknown authority, ...). FailedPrecondition: the peer does not
  // speak HTTP/2. Unavailable: the peer refuses the session, or its bytes are
  // no TLS.
  absl::Status Receive(absl::Span<const uint8_t> bytes);

  // The plaintext since the last call.
  std::string TakePlaintext();

  // The bytes for the peer since the last call.
  std::string TakeOutput();

  // True after the handshake. A client is established before a TLS 1.3 server
  // has seen its certificate; a refusal comes from a later Receive().
  bool established() const { return established_; }

  // Encrypts. Nothing happens if the session has failed. REQUIRES:
  // established(), and Finish() was not called.
  void Send(std::string_view plaintext);

  // Tells the peer that no more plaintext comes (close_notify).
  void Finish();

  // True once the peer has done so. What comes behind that is ignored.
  bool peer_finished() const { return peer_finished_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  TlsSession(std::shared_ptr<const TlsContext> context, absl::Time civil_now);

  // OpenSSL's verification calls it after each certificate of the peer's chain.
  static int OnVerified(int accepted, X509_STORE_CTX* verification);

  void Handshake();
  void Read();
  // What an unsuccessful call of OpenSSL means.
  void Judge(int result);
  void Fail(absl::Status why);

  const std::shared_ptr<const TlsContext> context_;
  const absl::Time civil_now_;
  std::string server_name_;
  std::unique_ptr<SSL, Free> ssl_;
  BIO* const input_;  // Both belong to `ssl_`.
  BIO* const output_;
  std::string plaintext_;
  bool established_ = false;
  bool peer_finished_ = false;
  absl::Status refusal_;  // Not OK: why the peer's certificate is refused.
  absl::Status status_;
};

}  // namespace lb::http

#endif  // LB_HTTP_TLS_SESSION_H_
