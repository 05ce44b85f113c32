// Http2Client in the simulation: TLS, credentials, names.
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
#include "lb/net/host_port.h"

namespace lb::http {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr uint16_t kPort = 6443;
constexpr char kName[] = "api.example";

class Http2ClientTlsTest : public testing::Test {
 protected:
  // A server on a host, with a certificate for these names.
  void Serve(io::SimHost* host, const TestCertificateOptions& certificate,
             const std::string& client_ca_pem = "") {
    auto listener = host->environment().stream_factory->Listen(
        {host->address(), kPort}, {});
    ASSERT_THAT(listener, IsOk());
    servers_.push_back(std::make_unique<TestServer>(
        host->environment().loop, *std::move(listener),
        TestServerOptions{.tls = Tls(authority_, certificate, client_ca_pem)},
        [this](const TestCall& call) {
          const std::string& path = call.request().path;
          if (path == "/held") return held_.push_back(call);
          call.Respond(200, path);
        }));
  }
  static std::shared_ptr<const TlsContext> Tls(
      const TestAuthority& authority, const TestCertificateOptions& options,
      const std::string& client_ca_pem = "") {
    const TestCertificate certificate = authority.Issue(options);
    auto made =
        TlsContext::MakeServer({.certificate_pem = certificate.certificate_pem,
                                .key_pem = certificate.key_pem,
                                .client_ca_pem = client_ca_pem});
    LB_CHECK(made.ok());
    return *std::move(made);
  }

  Http2ClientOptions Options(std::string_view server) const {
    return {.server = *net::ParseHostPort(server, kPort),
            .credentials = {.ca_pem = authority_.certificate_pem()}};
  }
  void MakeClient(const Http2ClientOptions& options) {
    auto client =
        Http2Client::Make(Ports::From(client_host_->environment()), options);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
  }

  absl::Status Fetch() {
    ResponseRecord record;
    client_->Send({.path = "/version"}, Recorded(&record));
    LB_CHECK(world_.loop().RunUntil([&] { return record.end.has_value(); },
                                    absl::Minutes(1)));
    EXPECT_EQ(record.body, record.end->ok() ? "/version" : "");
    return *record.end;
  }

  io::SimWorld world_{1};
  io::SimHost* const client_host_ = world_.AddHost("client", "192.0.2.1/24");
  io::SimHost* const server_host_ = world_.AddHost("server", "192.0.2.2/24");
  io::SimHost* const other_host_ = world_.AddHost("other", "192.0.2.3/24");
  const TestAuthority authority_{"root", world_.loop().CivilNow()};
  std::vector<TestCall> held_;
  std::vector<std::unique_ptr<TestServer>> servers_;
  std::unique_ptr<Http2Client> client_;
};

TEST_F(Http2ClientTlsTest, SpeaksTlsToAnAddress) {
  Serve(server_host_, {.names = {"192.0.2.2"}});
  MakeClient(Options("192.0.2.2"));
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(servers_[0]->accepted(), 1);
}

TEST_F(Http2ClientTlsTest, TheCertificateMayHaveAnotherNameThanTheServer) {
  Serve(server_host_, {.names = {kName}});
  Http2ClientOptions options = Options("192.0.2.2");
  MakeClient(options);
  EXPECT_THAT(Fetch(),
              StatusIs(absl::StatusCode::kUnavailable,
                       "192.0.2.2:6443: tls: the server's certificate is for "
                       "api.example, want 192.0.2.2"));
  options.server_name = kName;
  MakeClient(options);
  EXPECT_THAT(Fetch(), IsOk());
}

TEST_F(Http2ClientTlsTest, TheCivilClockJudgesTheCertificate) {
  Serve(server_host_, {.names = {"192.0.2.2"}});
  MakeClient(Options("192.0.2.2"));
  world_.loop().SetCivilNow(world_.loop().CivilNow() + absl::Hours(30));
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("tls: the server's certificate has "
                                          "expired at")));
}

TEST_F(Http2ClientTlsTest, NewCredentialsAreForTheNextConnection) {
  Serve(server_host_, {.names = {"192.0.2.2"}});
  MakeClient(Options("192.0.2.2"));
  EXPECT_THAT(Fetch(), IsOk());
  const TestAuthority other("other", world_.loop().CivilNow());
  EXPECT_THAT(client_->SetCredentials({.ca_pem = "bad"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(servers_[0]->accepted(), 1);

  EXPECT_THAT(client_->SetCredentials({.ca_pem = other.certificate_pem()}),
              IsOk());
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("unknown authority")));
  servers_[0]->SetTls(Tls(other, {.names = {"192.0.2.2"}}));
  EXPECT_THAT(Fetch(), IsOk());
}

TEST_F(Http2ClientTlsTest, OpenRequestsOutliveNewCredentials) {
  Serve(server_host_, {.names = {"192.0.2.2"}});
  MakeClient(Options("192.0.2.2"));
  ResponseRecord record;
  client_->Send({.path = "/held"}, Recorded(&record));
  world_.loop().RunFor(absl::Seconds(1));
  ASSERT_EQ(held_.size(), 1u);
  EXPECT_THAT(client_->SetCredentials({.ca_pem = authority_.certificate_pem()}),
              IsOk());
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(servers_[0]->accepted(), 2);
  held_[0].Respond(200, "late");
  world_.loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(record.end, Optional(IsOk()));
  EXPECT_EQ(record.body, "late");
  EXPECT_EQ(servers_[0]->connections(), 1u);
}

TEST_F(Http2ClientTlsTest, ShowsItsCertificate) {
  Serve(server_host_, {.names = {"192.0.2.2"}}, authority_.certificate_pem());
  MakeClient(Options("192.0.2.2"));
  EXPECT_THAT(Fetch(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the server refuses: certificate required")));
  const TestCertificate own =
      authority_.Issue({.purpose = TestPurpose::kClient});
  EXPECT_THAT(client_->SetCredentials({.ca_pem = authority_.certificate_pem(),
                                       .certificate_pem = own.certificate_pem,
                                       .key_pem = own.key_pem}),
              IsOk());
  EXPECT_THAT(Fetch(), IsOk());
}

TEST_F(Http2ClientTlsTest, ClearTextHasNoCredentials) {
  Http2ClientOptions options = Options("192.0.2.2");
  options.security = Security::kClearText;
  MakeClient(options);
  EXPECT_THAT(client_->SetCredentials({}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(Http2ClientTlsTest, AClearTextServerIsNoTls) {
  auto listener = server_host_->environment().stream_factory->Listen(
      {server_host_->address(), kPort}, {});
  ASSERT_THAT(listener, IsOk());
  const TestServer server(&world_.loop(), *std::move(listener), {},
                          [](const TestCall&) {});
  MakeClient(Options("192.0.2.2"));
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("tls: the server")));
}

TEST_F(Http2ClientTlsTest, AHandshakeThatStopsIsLeftInTime) {
  Serve(server_host_, {.names = {"192.0.2.2"}});
  servers_[0]->SetSilent(true);
  MakeClient(Options("192.0.2.2"));
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("does not finish the TLS "
                                          "handshake")));
}

TEST_F(Http2ClientTlsTest, LooksUpTheNameForEachConnection) {
  Serve(server_host_, {.names = {kName}});
  Serve(other_host_, {.names = {kName}});
  client_host_->resolver().Set(kName, {server_host_->address()});
  MakeClient(Options(kName));
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(client_host_->resolver().lookups(), 1u);
  client_host_->resolver().Set(kName, {other_host_->address()});
  servers_[0]->Cut(TestCut::kReset);
  world_.loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(client_host_->resolver().lookups(), 2u);
  EXPECT_EQ(servers_[1]->accepted(), 1);
}

TEST_F(Http2ClientTlsTest, AnUnknownNameEndsTheRequest) {
  MakeClient(Options(kName));
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                "api.example:6443: api.example: no such name"));
  client_host_->resolver().SetDelay(absl::Minutes(2));
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                "api.example:6443: no answer in time"));
}

TEST_F(Http2ClientTlsTest, WithoutAResolverANameIsOfNoUse) {
  Ports ports = Ports::From(client_host_->environment());
  ports.resolver = nullptr;
  auto client = Http2Client::Make(ports, Options(kName));
  ASSERT_THAT(client, IsOk());
  client_ = *std::move(client);
  EXPECT_THAT(Fetch(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr("host names cannot be looked up")));
}

TEST_F(Http2ClientTlsTest, TriesTheNextAddressInTime) {
  Serve(other_host_, {.names = {kName}});
  client_host_->resolver().Set(
      kName, {server_host_->address(), other_host_->address()});
  MakeClient(Options(kName));
  EXPECT_THAT(Fetch(), IsOk());  // The first one refuses.
  servers_.clear();
  client_ = nullptr;
  Serve(other_host_, {.names = {kName}});
  server_host_->Crash();  // The first one is silent now.
  MakeClient(Options(kName));
  EXPECT_THAT(Fetch(), IsOk());
}

TEST_F(Http2ClientTlsTest, TheAddressThatFailedComesLast) {
  Serve(server_host_, {.names = {kName}});
  Serve(other_host_, {.names = {kName}});
  client_host_->resolver().Set(
      kName, {server_host_->address(), other_host_->address()});
  MakeClient(Options(kName));
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(servers_[0]->accepted(), 1);
  servers_[0]->Cut(TestCut::kReset);
  world_.loop().RunFor(absl::Seconds(1));
  EXPECT_THAT(Fetch(), IsOk());
  EXPECT_EQ(servers_[0]->accepted(), 1);
  EXPECT_EQ(servers_[1]->accepted(), 1);
}

TEST_F(Http2ClientTlsTest, AllErrorsAreNamedIfNoAddressAnswers) {
  client_host_->resolver().Set(
      kName, {server_host_->address(), other_host_->address()});
  MakeClient(Options(kName));
  EXPECT_THAT(Fetch(),
              StatusIs(absl::StatusCode::kUnavailable,
                       "api.example:6443: connect to 192.0.2.2:6443: refused; "
                       "connect to 192.0.2.3:6443: refused"));
}

}  // namespace
}  // namespace lb::http
