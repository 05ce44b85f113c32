#include "daemon/kubernetes/api_client.h"

#include <utility>

#include "absl/time/time.h"
#include "daemon/kubernetes/pod_facts.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/config/version.h"

namespace lb {
namespace {

constexpr absl::Duration kReadInterval = absl::Minutes(5);

bool SameCredentials(const kubernetes::Access& a, const kubernetes::Access& b) {
  return a.certificate_authority.text == b.certificate_authority.text &&
         a.client_certificate.text == b.client_certificate.text &&
         a.client_key.text == b.client_key.text;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ApiClient>> ApiClient::Make(
    const http::Ports& ports, Callbacks callbacks) {
  LB_ASSIGN_OR_RETURN(kubernetes::Access access, callbacks.find_access());
  LB_ASSIGN_OR_RETURN(
      auto connection,
      http::Http2Client::Make(ports, {.server = access.server,
                                      .server_name = access.tls_server_name,
                                      .credentials = CredentialsOf(access)}));
  return std::unique_ptr<ApiClient>(new ApiClient(
      ports, std::move(access), std::move(connection), std::move(callbacks)));
}

ApiClient::ApiClient(const http::Ports& ports, kubernetes::Access access,
                     std::unique_ptr<http::Http2Client> connection,
                     Callbacks callbacks)
    : loop_(ports.loop),
      callbacks_(std::move(callbacks)),
      access_(std::move(access)),
      connection_(std::move(connection)),
      authorized_(ports.loop, connection_.get(), access_,
                  fmt::format("lbd/{}", config::kVersion),
                  callbacks_.read_file),
      refusals_(&authorized_, callbacks_.on_refused) {
  timer_ = loop_->NewTimer([this] { ReadAgain(); });
  timer_->Arm(loop_->Now() + kReadInterval);
}

void ApiClient::ReadAgain() {
  timer_->Arm(loop_->Now() + kReadInterval);
  absl::StatusOr<kubernetes::Access> access = callbacks_.find_access();
  error_ = access.status();
  if (!access.ok() || SameCredentials(*access, access_)) return;
  error_ = connection_->SetCredentials(CredentialsOf(*access));
  if (error_.ok()) access_ = *std::move(access);
}

}  // namespace lb
