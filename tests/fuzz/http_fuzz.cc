// Any bytes as what an HTTP/2 server sends, in pieces; and as what a server
// sends that should speak TLS. Each request ends once, nothing of it follows,
// and what a server can make a client keep is bounded.
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/http/http2_session.h"
#include "lb/http/tls_session.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb::http {
namespace {

constexpr RequestId kRequests = 3;

// A head of 64 KiB for each request, in fields that a vector holds, and the
// bodies of an input; nghttp2's tables and buffers.
constexpr int64_t kSessionBytesMax = 2 << 20;
// OpenSSL's own.
constexpr int64_t kTlsBytesMax = 2 << 20;

class Fuzzed {
 public:
  Fuzzed() : client_({}, {"https", "api.example"}, now_) {
    client_.Send(now_, 1, {.path = "/"});
    client_.Send(
        now_, 2,
        {.method = "POST", .path = "/", .body = std::string(100, 'x')});
    client_.Send(now_, kRequests, {.method = "HEAD", .path = "/"});
    client_.TakeOutput();
  }

  void Receive(absl::Span<const uint8_t> bytes) {
    client_.OnBytes(now_, bytes);
    TakeEvents();
    client_.TakeOutput();
  }

  void End() {
    client_.End(absl::UnavailableError("cut"));
    TakeEvents();
    for (RequestId id = 1; id <= kRequests; ++id) {
      LB_CHECK(states_[id] == State::kEnded);
    }
  }

 private:
  enum class State { kSent, kHasHead, kEnded };

  void TakeEvents() {
    for (const Http2Event& event : client_.TakeEvents()) {
      if (const auto* const head = std::get_if<HeadEvent>(&event)) {
        LB_CHECK(states_[head->id] == State::kSent);
        LB_CHECK(head->status >= 200 && head->status <= 999);
        states_[head->id] = State::kHasHead;
      } else if (const auto* const body = std::get_if<BodyEvent>(&event)) {
        LB_CHECK(states_[body->id] == State::kHasHead);
        LB_CHECK(!body->bytes.empty());
        client_.Consume(body->id, body->bytes.size());
      } else {
        const auto& end = std::get<EndEvent>(event);
        LB_CHECK(states_[end.id] != State::kEnded);
        LB_CHECK(!end.status.ok() || states_[end.id] == State::kHasHead);
        states_[end.id] = State::kEnded;
      }
    }
  }

  const absl::Time now_ = absl::UnixEpoch();
  Http2Session client_;
  std::map<RequestId, State> states_;
};

// The size of the pieces is drawn from the first byte.
void FuzzSession(absl::Span<const uint8_t> bytes) {
  const fuzz::AllocationBound bound(kSessionBytesMax);
  const size_t piece = bytes.empty() ? 1 : 1 + 7 * bytes[0];
  Fuzzed fuzzed;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    fuzzed.Receive(bytes.subspan(at, piece));
  }
  fuzzed.End();
}

void FuzzTls(absl::Span<const uint8_t> bytes) {
  static const auto& context = *new auto(*TlsContext::MakeClient({}));
  // OpenSSL makes tables of its own when it is used first.
  static const bool warm =
      TlsSession::Client(context, "api.example", absl::UnixEpoch()).ok();
  LB_CHECK(warm);
  const fuzz::AllocationBound bound(kTlsBytesMax);
  const auto session =
      *TlsSession::Client(context, "api.example", absl::UnixEpoch());
  (void)session->Receive(bytes);
  LB_CHECK(!session->established());
  LB_CHECK(session->TakePlaintext().empty());
  LB_CHECK(session->TakeOutput().size() < (16 << 10));
}

}  // namespace
}  // namespace lb::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  lb::http::FuzzSession({data, size});
  lb::http::FuzzTls({data, size});
  return 0;
}
