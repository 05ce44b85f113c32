#include "daemon/lbctl/refusal.h"

#include <fmt/format.h>

#include "daemon/lbctl/unix_socket.h"
#include "lb/config/printable.h"

namespace lb::lbctl {
namespace {

// With TLS 1.3 a client has ended its handshake before the server has checked
// its certificate. gRPC then knows only that the connection ended.
bool IsEndedTls(const grpc::Status& status, const ClientOptions& server) {
  if (status.error_code() != grpc::StatusCode::UNAVAILABLE ||
      server.tls_ca.empty() || server.server.starts_with(kUnixPrefix)) {
    return false;
  }
  const std::string& words = status.error_message();
  for (const char* ended : {"Endpoint read failed", "Socket closed",
                            "Connection reset by peer", "Broken pipe"}) {
    if (words.find(ended) != words.npos) return true;
  }
  return false;
}

}  // namespace

ExitStatus ExitStatusOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
      return kRefused;
    default:
      return kNoAnswer;
  }
}

std::string Cause(const grpc::Status& status, const ClientOptions& server) {
  const std::string words = config::Printable(status.error_message());
  if (!IsEndedTls(status, server)) return words;
  return fmt::format(
      "the server ended the TLS connection: most likely it {} ({})",
      server.tls_cert.empty()
          ? "wants a certificate, and none was shown"
          : fmt::format("does not accept the certificate {}",
                        config::Printable(server.tls_cert)),
      words);
}

std::string Advice(const grpc::Status& status, const ClientOptions& server) {
  if (IsEndedTls(status, server)) {
    return server.tls_cert.empty()
               ? "--tls-cert FILE and --tls-key FILE: a certificate of an "
                 "authority in lbd's status-tls-client-ca"
               : "want one that is valid now, of an authority in lbd's "
                 "status-tls-client-ca, with a name in its status-tls-readers "
                 "or status-tls-admins if it has those; `lbctl events` on that "
                 "node says what it refused: CallerRefused";
  }
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return server.server.starts_with(kUnixPrefix)
                 ? "is lbd running here, and may you open its socket? "
                   "--server names another"
                 : "is lbd running there, and does it want TLS? --tls-ca "
                   "FILE, and --tls-cert and --tls-key if it asks for a "
                   "certificate";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "--timeout SECONDS waits longer";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "this listener does not offer it; admin calls are for the unix "
             "socket, or for TLS with --admin-over-tls, and some need a newer "
             "lbd";
    case grpc::StatusCode::NOT_FOUND:
      return "`lbctl services`, `lbctl pools` and `lbctl members` list what "
             "there is";
    default:
      return "";
  }
}

}  // namespace lb::lbctl
