#include "daemon/kubernetes/refusal_recorder.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/kubernetes/api_error.h"

namespace lb {
namespace {

constexpr size_t kBodyBytesMax = 4096;  // A Status has less.

std::string_view VerbOf(const http::Request& request, bool is_named) {
  if (request.method == "POST") return "create";
  if (request.method == "PATCH") return "patch";
  if (request.method == "PUT") return "update";
  if (request.method == "DELETE") return "delete";
  if (request.path.find("watch=1") != std::string::npos) return "watch";
  return is_named ? "get" : "list";
}

}  // namespace

std::string RightOf(const http::Request& request) {
  const std::string path = request.path.substr(0, request.path.find('?'));
  // /api/v1/... or /apis/GROUP/VERSION/..., then namespaces/NAMESPACE, if the
  // resource has one: RESOURCE[/NAME[/SUBRESOURCE]].
  std::vector<std::string> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  const size_t root = !parts.empty() && parts[0] == "apis" ? 3 : 2;
  parts.erase(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(
                                                 std::min(root, parts.size())));
  if (parts.size() > 2 && parts[0] == "namespaces") {
    parts.erase(parts.begin(), parts.begin() + 2);
  }
  std::string resource = parts.empty() ? path : parts[0];
  if (parts.size() > 2) resource += fmt::format("/{}", parts[2]);
  return fmt::format("{} {}", VerbOf(request, parts.size() > 1), resource);
}

// Sees how one request ends, and passes everything on.
class RefusalRecorder::Handler final : public http::ForwardingHandler {
 public:
  Handler(std::shared_ptr<State> state, std::string right,
          std::unique_ptr<http::ResponseHandler> handler)
      : ForwardingHandler(std::move(handler)),
        state_(std::move(state)),
        right_(std::move(right)) {}

  void OnHead(int status, absl::Span<const http::Header> headers) override {
    code_ = status;
    if (status < 300) state_->refused.erase(right_);
    ForwardingHandler::OnHead(status, headers);
  }
  void OnBody(std::string_view bytes) override {
    if (IsRefusal()) body_ += bytes.substr(0, kBodyBytesMax - body_.size());
    ForwardingHandler::OnBody(bytes);
  }
  void OnEnd(const absl::Status& status) override {
    if (IsRefusal() && state_->refused.insert(right_).second) {
      state_->record(
          fmt::format("it may not {}: {}", right_,
                      kubernetes::ReadApiError(code_, {}, body_).ToString()));
    }
    ForwardingHandler::OnEnd(status);
  }

 private:
  bool IsRefusal() const { return code_ == 401 || code_ == 403; }

  const std::shared_ptr<State> state_;
  const std::string right_;
  int code_ = 0;
  std::string body_;
};

RefusalRecorder::RefusalRecorder(http::Client* client, Record record)
    : client_(client), state_(std::make_shared<State>()) {
  state_->record = std::move(record);
}

http::RequestId RefusalRecorder::Send(
    http::Request request, std::unique_ptr<http::ResponseHandler> handler) {
  auto recorder =
      std::make_unique<Handler>(state_, RightOf(request), std::move(handler));
  return client_->Send(std::move(request), std::move(recorder));
}

}  // namespace lb
