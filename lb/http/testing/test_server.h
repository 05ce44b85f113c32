// TestServer: a scripted HTTP/2 server on lb/io, for tests of clients.
//
// It runs in the simulation and on real sockets. A test gives it a function
// that answers each call, at once or later, and lets the server fail in the
// ways that servers fail.
//
//   LB_ASSIGN_OR_RETURN(auto listener, factory.Listen({address, 6443}, {}));
//   TestServer server(&loop, std::move(listener), {},
//                     [](const TestCall& call) {
//                       call.Respond(200, "hello");
//                     });
//
// With TlsContext::MakeServer() and TestAuthority (certificates.h) it speaks
// TLS. Loop thread only.
#ifndef LB_HTTP_TESTING_TEST_SERVER_H_
#define LB_HTTP_TESTING_TEST_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "lb/http/client.h"
#include "lb/http/testing/server_session.h"
#include "lb/http/tls_context.h"
#include "lb/io/loop.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::http {

class TestConnection;

// One request and the way to answer it. A copy is the same call. It may be kept
// for as long as the test likes; once the connection or the stream is gone, it
// does nothing.
class TestCall {
 public:
  TestCall(std::weak_ptr<TestConnection> connection, ServerRequest request);

  const ServerRequest& request() const { return *request_; }
  // False once the response is whole, the client has cancelled, or the
  // connection is gone.
  bool is_open() const;

  void Head(int status, std::vector<Header> headers = {}) const;
  void Body(std::string_view bytes) const;
  void End() const;
  // All of that.
  void Respond(int status, std::string_view body) const;
  // Ends it with an error code (RFC 9113, 7).
  void Reset(uint32_t error_code) const;

 private:
  std::weak_ptr<TestConnection> connection_;
  std::shared_ptr<const ServerRequest> request_;
};

enum class TestCut {
  kReset,   // As a crash: what was not read is lost.
  kFinish,  // The bytes before it arrive.
};

struct TestServerOptions {
  std::shared_ptr<const TlsContext> tls;  // Null: clear text.
  ServerSessionOptions session;
};

class TestServer {
 public:
  using OnCall = absl::AnyInvocable<void(const TestCall& call)>;

  // `on_call` gets each request once it is whole.
  TestServer(io::Loop* loop, std::unique_ptr<io::StreamTransport> listener,
             TestServerOptions options, OnCall on_call);
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  // Resets all connections.
  ~TestServer();

  net::Endpoint at() const { return listener_->local(); }

  // Connections that came so far, and that are there.
  int accepted() const { return accepted_; }
  size_t connections() const;
  // PINGs and RST_STREAMs of clients so far, on connections that are there.
  int pings() const;
  int resets() const;
  // Bytes that were sent to clients on the last connection.
  size_t bytes_sent() const;

  // Announces the end on all connections, and serves what it has.
  void GoAway(uint32_t error_code = 0, std::string_view text = "");
  // Ends all connections.
  void Cut(TestCut how);
  // The next connections end once so many bytes were sent on them. Nullopt:
  // they do not.
  void CutAfter(std::optional<size_t> bytes, TestCut how);
  // A silent server neither reads nor sends, as one that is stopped. Its
  // connections stay so, and with `true` so do the next ones.
  void SetSilent(bool silent);
  // Credentials of the next connections.
  void SetTls(std::shared_ptr<const TlsContext> tls);

 private:
  void OnAccepted(std::unique_ptr<io::Stream> stream);

  io::Loop* const loop_;
  TestServerOptions options_;
  const std::shared_ptr<OnCall> on_call_;
  int accepted_ = 0;
  bool silent_ = false;
  std::optional<size_t> cut_after_;
  TestCut cut_ = TestCut::kReset;
  std::vector<std::shared_ptr<TestConnection>> connections_;
  const std::unique_ptr<io::StreamTransport> listener_;
};

}  // namespace lb::http

#endif  // LB_HTTP_TESTING_TEST_SERVER_H_
