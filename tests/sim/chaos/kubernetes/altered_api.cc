#include "tests/sim/chaos/kubernetes/altered_api.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/kubernetes/lease_record.h"

namespace lb::chaos {
namespace {

constexpr std::string_view kVersionKey = "resourceVersion=";

bool IsWatch(const http::Request& request) {
  return absl::StrContains(request.path, "watch=1");
}

// A list of the objects that decide, and no question for the server's version.
bool IsServiceList(const http::Request& request) {
  return request.method == "GET" && !IsWatch(request) &&
         absl::StartsWith(request.path, "/api/v1/services?") &&
         !absl::EndsWith(request.path, "limit=1");
}

}  // namespace

// Sends a request until it succeeds, each time at once.
class AlteredApi::Retrier final : public http::ResponseHandler {
 public:
  Retrier(AlteredApi* api, http::RequestId id, http::Request request,
          std::unique_ptr<http::ResponseHandler> handler)
      : api_(api),
        id_(id),
        request_(std::move(request)),
        handler_(std::move(handler)) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    has_failed_ = status == 429 || status >= 500;
    has_head_ = true;
    if (!has_failed_) handler_->OnHead(status, headers);
  }
  void OnBody(std::string_view bytes) override {
    if (!has_failed_) handler_->OnBody(bytes);
  }
  void OnEnd(const absl::Status& status) override {
    const bool is_lost = !status.ok() && !has_head_;
    if (!has_failed_ && !is_lost) return handler_->OnEnd(status);
    api_->SendNow(id_, request_, std::move(handler_));
  }

 private:
  AlteredApi* const api_;
  const http::RequestId id_;
  const http::Request request_;
  std::unique_ptr<http::ResponseHandler> handler_;
  bool has_failed_ = false;
  bool has_head_ = false;
};

AlteredApi::AlteredApi(io::SimLoop* loop, kubernetes::SimApiServer* server,
                       const std::string& host, Defect defect)
    : server_(server), defect_(defect), client_(server->AddHost(host)) {
  if (defect != Defect::kUnheldLease) return;
  own_leases_ = std::make_unique<kubernetes::SimApiServer>(
      loop, kubernetes::SimApiOptions{}, Prng(1));
  own_leases_->AddKind(
      {.resource = kubernetes::LeaseResource(), .kind = "Lease"});
  own_client_ = own_leases_->AddHost(host);
}

AlteredApi::~AlteredApi() = default;

http::RequestId AlteredApi::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  if (defect_ == Defect::kStaleList && IsServiceList(request)) {
    request.path += fmt::format("&{}0", kVersionKey);
  }
  if (defect_ == Defect::kSkippedVersions && IsWatch(request)) {
    SkipForgotten(&request);
  }
  SendNow(++last_id_, request, std::move(handler));
  return last_id_;
}

void AlteredApi::Cancel(http::RequestId id) {
  const auto found = sent_.find(id);
  if (found == sent_.end()) return;
  const Sent sent = found->second;
  sent_.erase(found);
  sent.target->Cancel(sent.id);
}

http::Client* AlteredApi::TargetOf(const http::Request& request) const {
  const bool is_lease = absl::StrContains(request.path, "/leases");
  return own_client_ != nullptr && is_lease ? own_client_ : client_;
}

void AlteredApi::SkipForgotten(http::Request* request) const {
  const size_t at = request->path.find(kVersionKey);
  if (at == std::string::npos) return;
  const size_t begin = at + kVersionKey.size();
  const size_t length =
      std::min(request->path.find('&', begin), request->path.size()) - begin;
  uint64_t version = 0;
  const bool is_number =
      absl::SimpleAtoi(request->path.substr(begin, length), &version);
  if (!is_number || version >= server_->store().compacted_version()) return;
  request->path.replace(begin, length,
                        fmt::format("{}", server_->store().version()));
}

void AlteredApi::SendNow(http::RequestId id, const http::Request& request,
                         std::unique_ptr<http::ResponseHandler> handler) {
  if (defect_ == Defect::kNoBackOff) {
    handler = std::make_unique<Retrier>(this, id, request, std::move(handler));
  }
  http::Client* const target = TargetOf(request);
  sent_[id] = {target, target->Send(request, std::move(handler))};
}

}  // namespace lb::chaos
