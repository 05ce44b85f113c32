#include "daemon/lbctl/client.h"

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "daemon/lbctl/server_address.h"
#include "lb/base/status_macros.h"
#include "lb/base/status_text.h"
#include "lb/config/text_file.h"

namespace lb::lbctl {
namespace {

constexpr size_t kPemBytesMax = 1 << 20;

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return "";
  const absl::StatusOr<std::string> text =
      config::ReadTextFile(path, kPemBytesMax);
  if (text.ok()) return text;
  return Prefixed(path, text.status());
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> CredentialsOf(
    const ClientOptions& options) {
  const bool has_cert = !options.tls_cert.empty();
  if (has_cert != !options.tls_key.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: not given, want both certificate and key",
                    has_cert ? "--tls-key" : "--tls-cert"));
  }
  if (has_cert && options.tls_ca.empty()) {
    return absl::InvalidArgumentError(
        "--tls-ca: not given, --tls-cert wants it");
  }
  if (options.tls_ca.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions tls;
  LB_ASSIGN_OR_RETURN(tls.pem_root_certs, ReadPem(options.tls_ca));
  LB_ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadPem(options.tls_cert));
  LB_ASSIGN_OR_RETURN(tls.pem_private_key, ReadPem(options.tls_key));
  return grpc::SslCredentials(tls);
}

}  // namespace

absl::StatusOr<Client> Client::Create(const ClientOptions& options) {
  LB_RETURN_IF_ERROR(CheckServer(options.server));
  LB_ASSIGN_OR_RETURN(const auto credentials, CredentialsOf(options));
  grpc::ChannelArguments arguments;
  if (!options.tls_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls_name);
  }
  return Client(options.timeout, grpc::CreateCustomChannel(
                                     options.server, credentials, arguments));
}

void Client::SetDeadline(grpc::ClientContext* context) const {
  context->set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
}

}  // namespace lb::lbctl
