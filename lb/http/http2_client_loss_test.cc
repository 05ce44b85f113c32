// Http2Client in the simulation: the connection is lost after each byte.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/http2_client.h"
#include "lb/http/testing/certificates.h"
#include "lb/http/testing/recording_handler.h"
#include "lb/http/testing/test_server.h"
#include "lb/io/sim/sim_host.h"
#include "lb/io/sim/sim_world.h"

namespace lb::http {
namespace {

constexpr uint16_t kPort = 6443;

// One client with three requests of different kinds, and its server.
class Run {
 public:
  explicit Run(const TestAuthority* authority)
      : server_(&world_.loop(), Listen(), {.tls = ServerTls(authority)},
                [](const TestCall& call) { Answer(call); }) {
    Http2ClientOptions options = {
        .server = net::Endpoint{server_host_->address(), kPort},
        .security =
            authority == nullptr ? Security::kClearText : Security::kTls};
    if (authority != nullptr) {
      options.credentials.ca_pem = authority->certificate_pem();
    }
    client_ =
        *Http2Client::Make(Ports::From(client_host_->environment()), options);
  }

  // Sends the requests, and runs until they are over.
  void Fetch() {
    for (ResponseRecord& record : records_) record = ResponseRecord();
    client_->Send({.path = "/short"}, Recorded(&records_[0]));
    client_->Send({.method = "POST", .path = "/long", .body = "body"},
                  Recorded(&records_[1]));
    client_->Send({.path = "/broken"}, Recorded(&records_[2]));
    LB_CHECK(world_.loop().RunUntil(
        [this] {
          return records_[0].end && records_[1].end && records_[2].end;
        },
        absl::Minutes(2)));
  }

  // Every request ended once (the records check that), whole or not.
  void ExpectTruth() const {
    ExpectWholeOrLost(records_[0], "/short");
    ExpectWholeOrLost(records_[1], std::string(3000, 'x'));
    EXPECT_TRUE(absl::IsInternal(*records_[2].end) ||
                absl::IsUnavailable(*records_[2].end))
        << *records_[2].end;
    EXPECT_EQ(client_->open_requests(), 0u);
  }
  void ExpectWhole() const {
    EXPECT_THAT(*records_[0].end, IsOk());
    EXPECT_THAT(*records_[1].end, IsOk());
    EXPECT_TRUE(absl::IsInternal(*records_[2].end));
  }

  TestServer& server() { return server_; }

 private:
  static void Answer(const TestCall& call) {
    const std::string& path = call.request().path;
    if (path == "/short") return call.Respond(200, path);
    if (path == "/long") return call.Respond(200, std::string(3000, 'x'));
    call.Head(200);
    call.Body("half of it");
    call.Reset(/*error_code=*/2);
  }
  static void ExpectWholeOrLost(const ResponseRecord& record,
                                const std::string& body) {
    if (record.end->ok()) {
      EXPECT_EQ(record.body, body);
    } else {
      EXPECT_THAT(*record.end, StatusIs(absl::StatusCode::kUnavailable));
      EXPECT_EQ(body.substr(0, record.body.size()), record.body);
    }
  }

  std::unique_ptr<io::StreamTransport> Listen() {
    return *server_host_->environment().stream_factory->Listen(
        {server_host_->address(), kPort}, {});
  }
  std::shared_ptr<const TlsContext> ServerTls(const TestAuthority* authority) {
    if (authority == nullptr) return nullptr;
    const TestCertificate own = authority->Issue({.names = {"192.0.2.2"}});
    return *TlsContext::MakeServer(
        {.certificate_pem = own.certificate_pem, .key_pem = own.key_pem});
  }

  io::SimWorld world_{1};
  io::SimHost* const client_host_ = world_.AddHost("client", "192.0.2.1/24");
  io::SimHost* const server_host_ = world_.AddHost("server", "192.0.2.2/24");
  TestServer server_;
  std::unique_ptr<Http2Client> client_;
  ResponseRecord records_[3];
};

void ExpectTruthAfterEachCut(const TestAuthority* authority, size_t step) {
  Run whole(authority);
  whole.Fetch();
  whole.ExpectWhole();
  const size_t bytes = whole.server().bytes_sent();
  ASSERT_GT(bytes, 3000u);
  for (const TestCut how : {TestCut::kReset, TestCut::kFinish}) {
    for (size_t cut = 0; cut <= bytes; cut += step) {
      SCOPED_TRACE(testing::Message()
                   << (how == TestCut::kReset ? "reset" : "finished")
                   << " after " << cut << " bytes");
      Run run(authority);
      run.server().CutAfter(cut, how);
      run.Fetch();
      run.ExpectTruth();
      run.server().CutAfter(std::nullopt, how);
      run.Fetch();
      run.ExpectWhole();
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Http2ClientLossTest, EveryRequestEndsOnceWhereverClearTextIsCut) {
  ExpectTruthAfterEachCut(nullptr, 1);
}

// A handshake takes a millisecond.
TEST(Http2ClientLossTest, EveryRequestEndsOnceWhereverTlsIsCut) {
  const TestAuthority authority("root", absl::FromUnixSeconds(1'704'067'200));
  ExpectTruthAfterEachCut(&authority, 61);
}

}  // namespace
}  // namespace lb::http
