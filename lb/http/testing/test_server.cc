#include "lb/http/testing/test_server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/http/tls_session.h"

namespace lb::http {

// One client. It is kept alive by what runs in it; its server lets go of it
// when it is over.
class TestConnection : public std::enable_shared_from_this<TestConnection> {
 public:
  struct Faults {
    bool silent = false;
    std::optional<size_t> cut_after;
    TestCut cut = TestCut::kReset;
  };

  TestConnection(std::unique_ptr<io::Stream> stream,
                 std::unique_ptr<TlsSession> tls,
                 const ServerSessionOptions& options,
                 std::shared_ptr<TestServer::OnCall> on_call)
      : tls_(std::move(tls)),
        session_(options),
        on_call_(std::move(on_call)),
        stream_(std::move(stream)) {}

  void Start() {
    stream_->Receive(
        [this](absl::Span<const uint8_t> bytes) {
          const auto self = shared_from_this();
          OnBytes(bytes);
        },
        [this](const absl::Status&) {
          const auto self = shared_from_this();
          End(TestCut::kFinish);
        });
    Flush();
  }

  bool is_over() const { return stream_ == nullptr; }
  size_t sent() const { return sent_; }
  ServerSession& session() { return session_; }
  void SetFaults(const Faults& faults) { faults_ = faults; }
  void Silence() { faults_.silent = true; }

  void End(TestCut how) {
    if (stream_ == nullptr) return;
    if (how == TestCut::kFinish) stream_->FinishSending();
    stream_ = nullptr;
  }

  // What the session has to say goes out.
  void Flush() {
    if (stream_ == nullptr || faults_.silent) return;
    std::string bytes;
    if (tls_ == nullptr || tls_->established()) bytes = session_.TakeOutput();
    if (tls_ != nullptr) {
      if (!bytes.empty()) tls_->Send(bytes);
      bytes = tls_->TakeOutput();
    }
    const size_t room =
        faults_.cut_after.value_or(sent_ + bytes.size()) - sent_;
    const bool is_cut = bytes.size() > room;
    if (is_cut) bytes.resize(room);
    sent_ += bytes.size();
    (void)stream_->Send(AsBytes(bytes));
    if (is_cut || (faults_.cut_after && sent_ == *faults_.cut_after)) {
      End(faults_.cut);
    }
  }

 private:
  void OnBytes(absl::Span<const uint8_t> bytes) {
    if (faults_.silent) return;
    absl::Status received;
    std::string plaintext(AsText(bytes));
    if (tls_ != nullptr) {
      received = tls_->Receive(bytes);
      plaintext = tls_->TakePlaintext();
    }
    session_.OnBytes(AsBytes(plaintext));
    Flush();
    for (ServerRequest& request : session_.TakeRequests()) {
      (*on_call_)(TestCall(weak_from_this(), std::move(request)));
    }
    const bool finished = tls_ != nullptr && tls_->peer_finished();
    if (!received.ok() || finished || !session_.wants_bytes()) {
      End(TestCut::kFinish);
    }
  }

  const std::unique_ptr<TlsSession> tls_;
  ServerSession session_;
  const std::shared_ptr<TestServer::OnCall> on_call_;
  Faults faults_;
  size_t sent_ = 0;
  std::unique_ptr<io::Stream> stream_;  // Null: it is over.
};

TestCall::TestCall(std::weak_ptr<TestConnection> connection,
                   ServerRequest request)
    : connection_(std::move(connection)),
      request_(std::make_shared<const ServerRequest>(std::move(request))) {}

bool TestCall::is_open() const {
  const auto connection = connection_.lock();
  return connection != nullptr && !connection->is_over() &&
         connection->session().IsOpen(request_->stream);
}

void TestCall::Head(int status, std::vector<Header> headers) const {
  const auto connection = connection_.lock();
  if (connection == nullptr) return;
  connection->session().Head(request_->stream, status, std::move(headers));
  connection->Flush();
}

void TestCall::Body(std::string_view bytes) const {
  const auto connection = connection_.lock();
  if (connection == nullptr) return;
  connection->session().Body(request_->stream, bytes);
  connection->Flush();
}

void TestCall::End() const {
  const auto connection = connection_.lock();
  if (connection == nullptr) return;
  connection->session().End(request_->stream);
  connection->Flush();
}

void TestCall::Respond(int status, std::string_view body) const {
  Head(status);
  Body(body);
  End();
}

void TestCall::Reset(uint32_t error_code) const {
  const auto connection = connection_.lock();
  if (connection == nullptr) return;
  connection->session().Reset(request_->stream, error_code);
  connection->Flush();
}

TestServer::TestServer(io::Loop* loop,
                       std::unique_ptr<io::StreamTransport> listener,
                       TestServerOptions options, OnCall on_call)
    : loop_(loop),
      options_(std::move(options)),
      on_call_(std::make_shared<OnCall>(std::move(on_call))),
      listener_(std::move(listener)) {
  listener_->SetAcceptor([this](std::unique_ptr<io::Stream> stream) {
    OnAccepted(std::move(stream));
  });
}

TestServer::~TestServer() { Cut(TestCut::kReset); }

void TestServer::OnAccepted(std::unique_ptr<io::Stream> stream) {
  std::erase_if(connections_, [](const auto& one) { return one->is_over(); });
  ++accepted_;
  std::unique_ptr<TlsSession> tls;
  if (options_.tls != nullptr) {
    tls = TlsSession::Server(options_.tls, loop_->CivilNow());
  }
  connections_.push_back(std::make_shared<TestConnection>(
      std::move(stream), std::move(tls), options_.session, on_call_));
  connections_.back()->SetFaults(
      {.silent = silent_, .cut_after = cut_after_, .cut = cut_});
  connections_.back()->Start();
}

size_t TestServer::connections() const {
  return static_cast<size_t>(
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& one) { return !one->is_over(); }));
}

int TestServer::pings() const {
  int sum = 0;
  for (const auto& one : connections_) sum += one->session().pings();
  return sum;
}

int TestServer::resets() const {
  int sum = 0;
  for (const auto& one : connections_) sum += one->session().resets();
  return sum;
}

size_t TestServer::bytes_sent() const {
  return connections_.empty() ? 0 : connections_.back()->sent();
}

void TestServer::GoAway(uint32_t error_code, std::string_view text) {
  for (const auto& one : connections_) {
    one->session().GoAway(one->session().last_stream(), error_code, text);
    one->Flush();
  }
}

void TestServer::Cut(TestCut how) {
  for (const auto& one : connections_) one->End(how);
}

void TestServer::CutAfter(std::optional<size_t> bytes, TestCut how) {
  cut_after_ = bytes;
  cut_ = how;
}

void TestServer::SetSilent(bool silent) {
  silent_ = silent;
  if (!silent) return;
  for (const auto& one : connections_) one->Silence();
}

void TestServer::SetTls(std::shared_ptr<const TlsContext> tls) {
  options_.tls = std::move(tls);
}

}  // namespace lb::http
