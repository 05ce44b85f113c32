#include "lb/http/tls_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/bytes.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/testing/certificates.h"

namespace lb::http {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'704'067'200);
constexpr char kName[] = "api.example";

// A client and a server, and what became of them.
class TlsSessionTest : public testing::Test {
 protected:
  void MakeServer(const TestCertificateOptions& options) {
    Serve(authority_.Issue(options));
  }
  void Serve(const TestCertificate& certificate) {
    server_credentials_.certificate_pem = certificate.certificate_pem;
    server_credentials_.key_pem = certificate.key_pem;
  }

  void Begin(const std::string& name = kName) {
    auto client_context = TlsContext::MakeClient(client_credentials_);
    auto server_context = TlsContext::MakeServer(server_credentials_);
    ASSERT_THAT(client_context, IsOk());
    ASSERT_THAT(server_context, IsOk());
    auto client = TlsSession::Client(*client_context, name, kNow);
    ASSERT_THAT(client, IsOk());
    client_ = *std::move(client);
    server_ = TlsSession::Server(*server_context, kNow);
  }

  // Lets them speak until neither has more to say.
  void Talk() {
    for (;;) {
      const std::string to_server = client_->TakeOutput();
      if (!to_server.empty())
        server_seen_ = server_->Receive(AsBytes(to_server));
      const std::string to_client = server_->TakeOutput();
      if (!to_client.empty())
        client_seen_ = client_->Receive(AsBytes(to_client));
      if (to_server.empty() && to_client.empty()) return;
    }
  }

  // A handshake with the certificate, and what the client says of it.
  absl::Status Judge(const TestCertificateOptions& options,
                     const std::string& name = kName) {
    MakeServer(options);
    Begin(name);
    Talk();
    EXPECT_EQ(client_->established(), client_seen_.ok());
    return client_seen_;
  }

  const TestAuthority authority_{"root", kNow};
  TlsCredentials client_credentials_ = {.ca_pem = authority_.certificate_pem()};
  TlsServerCredentials server_credentials_;
  std::unique_ptr<TlsSession> client_;
  std::unique_ptr<TlsSession> server_;
  absl::Status client_seen_;
  absl::Status server_seen_;
};

TEST_F(TlsSessionTest, CarriesPlaintextBothWays) {
  EXPECT_THAT(Judge({.names = {kName}}), IsOk());
  EXPECT_THAT(server_seen_, IsOk());
  ASSERT_TRUE(client_->established() && server_->established());
  std::string large(100'000, 'x');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i);
  client_->Send("hello");
  client_->Send(large);
  Talk();
  EXPECT_EQ(server_->TakePlaintext(), "hello" + large);
  EXPECT_EQ(server_->TakePlaintext(), "");
  server_->Send(large);
  Talk();
  EXPECT_EQ(client_->TakePlaintext(), large);
}

TEST_F(TlsSessionTest, AFinishedPeerIsNoticed) {
  EXPECT_THAT(Judge({.names = {kName}}), IsOk());
  server_->Send("bye");
  server_->Finish();
  Talk();
  EXPECT_EQ(client_->TakePlaintext(), "bye");
  EXPECT_TRUE(client_->peer_finished());
  EXPECT_FALSE(server_->peer_finished());
  EXPECT_THAT(client_->Receive(AsBytes("more")), IsOk());
  EXPECT_EQ(client_->TakePlaintext(), "");
  client_->Finish();
  Talk();
  EXPECT_TRUE(server_->peer_finished());
}

// The bytes of the peer in two pieces, cut at each place in turn.
TEST_F(TlsSessionTest, TakesBytesThatAreCutAnywhere) {
  MakeServer({.names = {kName}});
  size_t sizes[2] = {1, 1};
  for (const bool to_client : {false, true}) {
    for (size_t cut = 1; cut < sizes[to_client ? 1 : 0]; ++cut) {
      SCOPED_TRACE(testing::Message()
                   << "to client: " << to_client << ", cut at " << cut);
      Begin();
      size_t given[2] = {0, 0};
      const auto give = [&](TlsSession& to, const std::string& bytes,
                            bool is_client) {
        size_t& so_far = given[is_client ? 1 : 0];
        const bool is_cut = is_client == to_client && so_far < cut &&
                            cut < so_far + bytes.size();
        const size_t first = is_cut ? cut - so_far : bytes.size();
        ASSERT_THAT(to.Receive(AsBytes(bytes).first(first)), IsOk());
        ASSERT_THAT(to.Receive(AsBytes(bytes).subspan(first)), IsOk());
        so_far += bytes.size();
      };
      bool sent = false;
      for (;;) {
        const std::string to_server = client_->TakeOutput();
        give(*server_, to_server, false);
        const std::string from_server = server_->TakeOutput();
        give(*client_, from_server, true);
        if (!to_server.empty() || !from_server.empty()) continue;
        if (std::exchange(sent, true)) break;
        client_->Send("ping");
        server_->Send("pong");
      }
      ASSERT_EQ(client_->TakePlaintext(), "pong");
      ASSERT_EQ(server_->TakePlaintext(), "ping");
      sizes[0] = given[0];
      sizes[1] = given[1];
    }
  }
}

TEST_F(TlsSessionTest, TheNameMustBeOneOfTheCertificate) {
  const TestCertificateOptions options = {
      .names = {"api.example", "*.wild.example", "192.0.2.1", "2001:db8::1"},
      .common_name = "common.example"};
  for (const char* name : {"api.example", "API.example", "a.wild.example",
                           "192.0.2.1", "2001:db8::1"}) {
    EXPECT_THAT(Judge(options, name), IsOk()) << name;
  }
  for (const char* name :
       {"common.example", "wild.example", "a.b.wild.example", "example",
        "192.0.2.2", "2001:db8::2", "api.example.org"}) {
    EXPECT_THAT(Judge(options, name),
                StatusIs(absl::StatusCode::kUnauthenticated,
                         AllOf(HasSubstr("the server's certificate is for "
                                         "api.example, *.wild.example"),
                               HasSubstr(std::string("want ") + name))))
        << name;
  }
}

TEST_F(TlsSessionTest, ACertificateWithoutNamesIsForNoName) {
  EXPECT_THAT(Judge({.common_name = kName}),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("is for no name, want api.example")));
}

TEST_F(TlsSessionTest, AStrangersNamesAreCutAndEscaped) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::string(200, 'x'));
  const absl::Status status = Judge({.names = names});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnauthenticated,
                               HasSubstr("xxx..., ..., want api.example")));
  EXPECT_LT(status.message().size(), 500u);
}

TEST_F(TlsSessionTest, TheTimeMustBeWithinTheValidity) {
  EXPECT_THAT(
      Judge({.names = {kName}, .valid_for = absl::Hours(23)}),
      StatusIs(absl::StatusCode::kUnauthenticated,
               HasSubstr("the server's certificate has expired at "
                         "2023-12-31T23:00:00Z, now is 2024-01-01T00:00:00Z")));
  EXPECT_THAT(
      Judge({.names = {kName}, .valid_from = absl::Hours(1)}),
      StatusIs(absl::StatusCode::kUnauthenticated,
               HasSubstr("is not valid before 2024-01-01T01:00:00Z, now is")));
}

TEST_F(TlsSessionTest, TheAuthorityMustBeKnown) {
  const TestAuthority other("other", kNow);
  Serve(other.Issue({.names = {kName}}));
  Begin();
  Talk();
  EXPECT_THAT(client_seen_, StatusIs(absl::StatusCode::kUnauthenticated,
                                     HasSubstr("is by an unknown authority")));
  EXPECT_THAT(server_seen_,
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the client refuses: unknown CA")));

  // The same without any authority of the test's.
  client_credentials_.ca_pem = "";
  Begin();
  Talk();
  EXPECT_THAT(client_seen_, StatusIs(absl::StatusCode::kUnauthenticated,
                                     HasSubstr("is by an unknown authority")));
}

TEST_F(TlsSessionTest, IntermediateAuthoritiesVouchToo) {
  const auto middle = authority_.IssueAuthority("middle");
  Serve(middle->Issue({.names = {kName}}));
  Begin();
  Talk();
  EXPECT_THAT(client_seen_, IsOk());
  // The client need not know the root.
  client_credentials_.ca_pem = middle->certificate_pem();
  Begin();
  Talk();
  EXPECT_THAT(client_seen_, IsOk());
}

TEST_F(TlsSessionTest, AnAuthorityExpiresToo) {
  const TestAuthority old("old", kNow - absl::Hours(24 * 500));
  client_credentials_.ca_pem = old.certificate_pem();
  Serve(old.Issue({.names = {kName}, .valid_for = absl::Hours(24 * 1000)}));
  Begin();
  Talk();
  EXPECT_THAT(client_seen_,
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("the server's certificate has an authority "
                                 "whose certificate has expired at 2023-")));
}

TEST_F(TlsSessionTest, ACertificateIsForOnePurpose) {
  EXPECT_THAT(Judge({.names = {kName}, .purpose = TestPurpose::kClient}),
              StatusIs(absl::StatusCode::kUnauthenticated,
                       HasSubstr("is for another purpose")));
}

TEST_F(TlsSessionTest, AnotherProtocolIsRefused) {
  server_credentials_.protocol = "http/1.1";
  EXPECT_THAT(Judge({.names = {kName}}),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the server refuses: no application protocol, "
                                 "so it does not speak HTTP/2")));
  server_credentials_.protocol = "";
  EXPECT_THAT(Judge({.names = {kName}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("it chose \"\", want \"h2\"")));
}

TEST_F(TlsSessionTest, TheServerCanAskForACertificate) {
  server_credentials_.client_ca_pem = authority_.certificate_pem();
  // In TLS 1.3 the client hears of the refusal after its handshake.
  MakeServer({.names = {kName}});
  Begin();
  Talk();
  EXPECT_THAT(client_seen_,
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the server refuses: certificate required")));
  EXPECT_FALSE(server_->established());

  const TestCertificate client =
      authority_.Issue({.purpose = TestPurpose::kClient});
  client_credentials_.certificate_pem = client.certificate_pem;
  client_credentials_.key_pem = client.key_pem;
  Begin();
  Talk();
  EXPECT_THAT(client_seen_, IsOk());
  EXPECT_TRUE(server_->established());
}

TEST_F(TlsSessionTest, AnExpiredClientIsToldSo) {
  server_credentials_.client_ca_pem = authority_.certificate_pem();
  MakeServer({.names = {kName}});
  const TestCertificate client = authority_.Issue(
      {.purpose = TestPurpose::kClient, .valid_for = absl::Hours(23)});
  client_credentials_.certificate_pem = client.certificate_pem;
  client_credentials_.key_pem = client.key_pem;
  Begin();
  Talk();
  EXPECT_THAT(client_seen_,
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("the server refuses: certificate expired")));
  EXPECT_THAT(server_seen_, StatusIs(absl::StatusCode::kUnauthenticated,
                                     HasSubstr("the client's certificate has "
                                               "expired")));
}

TEST_F(TlsSessionTest, RefusesWhatIsNoTls) {
  for (const std::string& bytes :
       {std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string(64, '\0'),
        std::string(64, '\xff')}) {
    MakeServer({.names = {kName}});
    Begin();
    const absl::Status status = client_->Receive(AsBytes(bytes));
    EXPECT_THAT(status,
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr("TLS")));
    // An error stays.
    EXPECT_EQ(client_->Receive(AsBytes("more")), status);
    EXPECT_FALSE(client_->established());
  }
}

TEST_F(TlsSessionTest, EachDamagedByteEndsTheSession) {
  EXPECT_THAT(Judge({.names = {kName}}), IsOk());
  const size_t record = [&] {
    server_->Send("secret");
    return server_->TakeOutput().size();
  }();
  for (size_t at = 0; at < record; ++at) {
    SCOPED_TRACE(at);
    EXPECT_THAT(Judge({.names = {kName}}), IsOk());
    server_->Send("secret");
    std::string bytes = server_->TakeOutput();
    ASSERT_EQ(bytes.size(), record);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    const absl::Status status = client_->Receive(AsBytes(bytes));
    // A length that grew is a record that is not whole yet.
    EXPECT_TRUE(!status.ok() || client_->TakePlaintext().empty());
  }
}

TEST_F(TlsSessionTest, ServerNamesAreChecked) {
  auto context = TlsContext::MakeClient(client_credentials_);
  ASSERT_THAT(context, IsOk());
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a\0b", 3),
        std::string("a\n"), std::string(254, 'a')}) {
    EXPECT_THAT(TlsSession::Client(*context, name, kNow),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("want a DNS name or an IP address")));
  }
}

}  // namespace
}  // namespace lb::http
