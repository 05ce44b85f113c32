// Http2Client on real sockets and nghttpd, the server of nghttp2: another
// program's HTTP/2, and OpenSSL as that program uses it.
//
// Without nghttpd (Debian: nghttp2-server) the tests are skipped.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/check.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/http2_client.h"
#include "lb/http/testing/certificates.h"
#include "lb/http/testing/recording_handler.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/io/testing/temporary_folder.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb::http {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Optional;

constexpr char kProgram[] = "/usr/sbin/nghttpd";
constexpr absl::Duration kLimit = absl::Seconds(20);

class HttpPeerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kProgram)) {
      GTEST_SKIP() << "SKIPPED: no " << kProgram << " (nghttp2-server)";
    }
    Write("hello", "hello world");
    large_.resize(5 << 20);
    for (size_t i = 0; i < large_.size(); ++i) {
      large_[i] = static_cast<char>(i * i);
    }
    Write("large", large_);
  }
  ~HttpPeerTest() override { Stop(); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() + "/" + name) << text;
  }

  // Free again when this returns, or nghttpd cannot take it.
  net::Endpoint FreePort() {
    const auto probe =
        sockets_.Listen({*net::ParseIpAddress("127.0.0.1"), 0}, {});
    LB_CHECK(probe.ok());
    return (*probe)->local();
  }

  // Starts nghttpd at a free port, in clear text or with a certificate.
  void Serve(Security security) {
    at_ = FreePort();
    std::vector<std::string> command = {kProgram, "-a", "127.0.0.1", "-d",
                                        folder_.path()};
    if (security == Security::kClearText) command.emplace_back("--no-tls");
    command.push_back(std::to_string(at_.port));
    if (security == Security::kTls) {
      const TestCertificate own = authority_.Issue({.names = {"127.0.0.1"}});
      Write("key.pem", own.key_pem);
      Write("cert.pem", own.certificate_pem);
      command.push_back(folder_.path() + "/key.pem");
      command.push_back(folder_.path() + "/cert.pem");
    }
    Start(command);
    client_ = *Http2Client::Make(
        {.loop = &loop_, .stream_factory = &sockets_},
        {.server = at_,
         .security = security,
         .credentials = {.ca_pem = authority_.certificate_pem()}});
  }

  void Start(const std::vector<std::string>& command) {
    pid_ = fork();
    LB_CHECK(pid_ >= 0);
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<char*> arguments;
    for (const std::string& word : command) {
      arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }

  void Stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  // The response to a request; asked again until the server listens.
  ResponseRecord Fetch(const Request& request) {
    const absl::Time limit = absl::Now() + kLimit;
    for (;;) {
      ResponseRecord record;
      client_->Send(request, Recorded(&record));
      LB_CHECK(loop_.RunUntil([&] { return record.end.has_value(); }, kLimit));
      const bool is_refused = HasRefusal(*record.end);
      if (!is_refused || absl::Now() > limit) return record;
      loop_.RunUntil([] { return false; }, absl::Milliseconds(20));
    }
  }
  static bool HasRefusal(const absl::Status& status) {
    return std::string(status.message()).find("connect to") !=
           std::string::npos;
  }

  void ExpectServed() {
    const ResponseRecord hello = Fetch({.path = "/hello"});
    EXPECT_THAT(hello.end, Optional(IsOk()));
    EXPECT_EQ(hello.status, 200);
    EXPECT_EQ(hello.body, "hello world");
    const ResponseRecord large = Fetch({.path = "/large"});
    EXPECT_THAT(large.end, Optional(IsOk()));
    EXPECT_TRUE(large.body == large_);
    const ResponseRecord none = Fetch({.path = "/none"});
    EXPECT_THAT(none.end, Optional(IsOk()));
    EXPECT_EQ(none.status, 404);
    const ResponseRecord posted = Fetch({.method = "POST",
                                         .path = "/hello",
                                         .body = std::string(1 << 20, 'x')});
    EXPECT_THAT(posted.end, Optional(IsOk()));
    EXPECT_EQ(client_->connections_made(), 1u);
  }

  io::PosixLoop loop_;
  io::PosixSockets sockets_{&loop_};
  const io::TemporaryFolder folder_;
  const TestAuthority authority_{"root", loop_.CivilNow()};
  std::string large_;
  net::Endpoint at_;
  pid_t pid_ = 0;
  std::unique_ptr<Http2Client> client_;
};

TEST_F(HttpPeerTest, ServesInClearText) {
  Serve(Security::kClearText);
  ExpectServed();
}

TEST_F(HttpPeerTest, ServesOverTls) {
  Serve(Security::kTls);
  ExpectServed();
}

TEST_F(HttpPeerTest, ManyRequestsAtOnceAreAllServed) {
  Serve(Security::kTls);
  Fetch({.path = "/hello"});
  std::vector<ResponseRecord> records(200);
  for (ResponseRecord& record : records) {
    client_->Send({.path = "/hello"}, Recorded(&record));
  }
  ASSERT_TRUE(
      loop_.RunUntil([this] { return client_->open_requests() == 0; }, kLimit));
  for (const ResponseRecord& record : records) {
    EXPECT_THAT(record.end, Optional(IsOk()));
    EXPECT_EQ(record.body, "hello world");
  }
  EXPECT_EQ(client_->connections_made(), 1u);
}

TEST_F(HttpPeerTest, AKilledServerIsNoticedAndFoundAgain) {
  Serve(Security::kTls);
  Fetch({.path = "/hello"});
  ResponseRecord record;
  client_->Send({.path = "/large"}, Recorded(&record));
  ASSERT_TRUE(loop_.RunUntil([&] { return record.status != 0; }, kLimit));
  Stop();
  ASSERT_TRUE(loop_.RunUntil([&] { return record.end.has_value(); }, kLimit));
  EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable)));
}

TEST_F(HttpPeerTest, AStoppedServerIsNoticedByPings) {
  Serve(Security::kTls);
  client_ = *Http2Client::Make(
      {.loop = &loop_, .stream_factory = &sockets_},
      {.server = at_,
       .credentials = {.ca_pem = authority_.certificate_pem()},
       .http2 = {.ping_interval = absl::Milliseconds(100),
                 .ping_timeout = absl::Milliseconds(100)}});
  Fetch({.path = "/hello"});
  kill(pid_, SIGSTOP);
  ResponseRecord record;
  client_->Send({.path = "/hello"}, Recorded(&record));
  ASSERT_TRUE(loop_.RunUntil([&] { return record.end.has_value(); }, kLimit));
  EXPECT_THAT(record.end, Optional(StatusIs(absl::StatusCode::kUnavailable,
                                            HasSubstr("silent"))));
}

}  // namespace
}  // namespace lb::http
