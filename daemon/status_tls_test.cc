// Status over TLS: tests which callers are served with which certificate, and
// what they may do. openssl makes the certificates here.
#include <future>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/front/access.h"
#include "daemon/front/certificates.h"
#include "daemon/status_server.h"
#include "daemon/testing/tls_node_test.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::HasSubstr;

using StatusTlsTest = TlsNodeTest;

TEST_F(StatusTlsTest, AnswersOverTlsOnly) {
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(AskOver("ca").ok());
  MakeAuthority("other");
  EXPECT_FALSE(AskOver("other").ok());
  const auto clear = status::v1::Status::NewStub(
      grpc::CreateChannel(address_, grpc::InsecureChannelCredentials()));
  status::v1::GetNodeResponse node;
  EXPECT_FALSE(Ask(clear, &status::v1::Status::Stub::GetNode, {}, &node).ok());
  (*server)->Shutdown();
}

TEST_F(StatusTlsTest, ServesKnownClientsOnly) {
  MakeAuthority("other");
  MakeCertificate("stranger", "other");
  tls_.client_ca = Path("ca.pem");
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(AskOver("ca", "client").ok());
  EXPECT_FALSE(AskOver("ca").ok());
  EXPECT_FALSE(AskOver("ca", "stranger").ok());
  (*server)->Shutdown();
}

// Tests the rights of readers and of admins for each kind of caller.
TEST_F(StatusTlsTest, NamesHaveRights) {
  MakeCertificate("reader", "ca", "DNS:other.example,DNS:monitor.example");
  MakeCertificate("admin", "ca", "URI:spiffe://example/admin");
  MakeCertificate("nobody", "ca", "DNS:monitor.example.org,IP:10.0.0.1");
  // Names of other kinds than those that are meant.
  MakeCertificate("imposter", "ca",
                  "DNS:192.0.2.7,DNS:spiffe://example/admin,"
                  "URI:monitor.example");
  tls_.client_ca = Path("ca.pem");
  const auto server = Start(tls_, {.right = front::Right::kStatusAndAdmin,
                                   .readers = {"monitor.example", "192.0.2.7"},
                                   .admins = {"spiffe://example/admin"}});
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(AskOver("ca", "reader").ok());
  EXPECT_EQ(ReloadOver("ca", "reader").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_TRUE(AskOver("ca", "admin").ok());
  EXPECT_EQ(reloads_, 0);
  EXPECT_TRUE(ReloadOver("ca", "admin").ok());
  EXPECT_EQ(reloads_, 1);
  EXPECT_EQ(AskOver("ca", "nobody").error_code(),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(ReloadOver("ca", "nobody").ok());
  EXPECT_FALSE(AskOver("ca", "imposter").ok());
  EXPECT_FALSE(AskOver("ca").ok());
  EXPECT_EQ(reloads_, 1);
  (*server)->Shutdown();
}

TEST_F(StatusTlsTest, NobodyIsAnAdminWithoutAWord) {
  tls_.client_ca = Path("ca.pem");
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(AskOver("ca", "client").ok());
  EXPECT_EQ(ReloadOver("ca", "client").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(reloads_, 0);
  (*server)->Shutdown();
}

TEST_F(StatusTlsTest, SaysWhomItRefused) {
  MakeCertificate("nobody", "ca", "DNS:monitor.example.org,IP:10.0.0.1");
  tls_.client_ca = Path("ca.pem");
  std::promise<std::string> said;
  const auto server = StatusServer::Start(
      {.listen = address_,
       .tls = tls_,
       .tls_access = {.readers = {"monitor.example"}},
       .on_refused = [&](const std::string& what) { said.set_value(what); }},
      service_.get());
  ASSERT_THAT(server, IsOk());
  EXPECT_FALSE(AskOver("ca", "nobody").ok());
  EXPECT_EQ(said.get_future().get(),
            address_ +
                ": 127.0.0.1: its certificate has no right here, with the "
                "names [monitor.example.org, 10.0.0.1]");
  (*server)->Shutdown();
}

// A connection that was made under other authorities ends.
TEST_F(StatusTlsTest, NewAuthoritiesEndConnections) {
  tls_.client_ca = Path("known.pem");
  Run("cp ca.pem known.pem");
  MakeAuthority("new");
  MakeCertificate("next", "new");
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  const auto stub = status::v1::Status::NewStub(Connect("ca", "client"));
  grpc::ClientContext context;
  status::v1::WatchEventsRequest all;
  all.set_follow(true);
  const auto events = stub->WatchEvents(&context, all);
  status::v1::Event event;
  ASSERT_TRUE(events->Read(&event));
  // The same authorities again: it stays.
  ASSERT_THAT((*server)->ReadTlsFiles(), IsOk());
  OnLoop([this] {
    world_->environment().log->Record(
        {.reason = "Test", .object = {EventObject::kNode, "n1"}});
  });
  while (event.reason() != "Test") ASSERT_TRUE(events->Read(&event));
  Run("mv new.pem known.pem");
  ASSERT_THAT((*server)->ReadTlsFiles(), IsOk());
  while (events->Read(&event)) continue;
  EXPECT_EQ(events->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_FALSE(AskOver("ca", "client").ok());
  EXPECT_TRUE(AskOver("ca", "next").ok());
  (*server)->Shutdown();
}

TEST_F(StatusTlsTest, TakesUpNewFiles) {
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  MakeAuthority("new");
  ASSERT_TRUE(AskOver("ca").ok());
  ASSERT_FALSE(AskOver("new").ok());
  MakeCertificate("next", "new");
  Run("mv next.key server.key && mv next.pem server.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(), IsOk());
  EXPECT_TRUE(AskOver("new", "", Patience::kUntilItWorks).ok());
  EXPECT_FALSE(AskOver("ca").ok());
  (*server)->Shutdown();
}

TEST_F(StatusTlsTest, NoCertificateIsTakenBeforeItsTime) {
  EXPECT_THAT(front::ReadTlsFiles(tls_, absl::Now() - absl::Hours(24)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("server.pem: is not valid yet, want a valid "
                                 "certificate")));
}

TEST_F(StatusTlsTest, KeepsTheLastGoodFiles) {
  tls_.client_ca = Path("known.pem");
  Run("cp ca.pem known.pem");
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  MakeAuthority("new");
  MakeCertificate("next", "new");
  Run("mv next.key server.key");
  EXPECT_THAT((*server)->ReadTlsFiles(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("does not belong to the certificate")));
  EXPECT_TRUE(AskOver("ca", "client").ok());
  Run("mv next.pem server.pem && echo > known.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("known.pem: has no certificate")));
  EXPECT_TRUE(AskOver("ca", "client").ok());
  Run("rm known.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("known.pem: cannot read it")));
  EXPECT_TRUE(AskOver("ca", "client").ok());
  Run("cp ca.pem known.pem");
  EXPECT_THAT((*server)->ReadTlsFiles(), IsOk());
  EXPECT_TRUE(AskOver("new", "client", Patience::kUntilItWorks).ok());
  EXPECT_FALSE(AskOver("ca", "client").ok());
  (*server)->Shutdown();
}

TEST_F(StatusTlsTest, NamesWhatIsWrongWithAFile) {
  MakeAuthority("other");
  Run("openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key "
      "-CAcreateserial -days -1 -out old.pem");
  Run("openssl pkey -aes128 -passout pass:x -in server.key -out locked.key");
  Write("empty", "");
  Write("noise",
        "-----BEGIN CERTIFICATE-----\nAAAA\n"
        "-----END CERTIFICATE-----\n");
  struct Case {
    front::TlsFiles files;
    std::string problem;  // After the folder.
  };
  const std::string good = Path("server.pem");
  const std::string key = Path("server.key");
  const Case cases[] = {
      {{Path("none"), key, ""},
       "status-tls-cert: /none: cannot read it: No such file or directory"},
      {{folder_, key, ""}, "status-tls-cert: : no regular file, want one"},
      {{Path("empty"), key, ""},
       "status-tls-cert: /empty: has no certificate, want one in PEM form"},
      {{Path("noise"), key, ""},
       "status-tls-cert: /noise: has no certificate, want one in PEM form"},
      {{Path("old.pem"), key, ""},
       "status-tls-cert: /old.pem: has expired, want a valid certificate"},
      {{good, Path("none"), ""},
       "status-tls-key: /none: cannot read it: No such file or directory"},
      {{good, good, ""},
       "status-tls-key: /server.pem: has no private key, want one in PEM form, "
       "not encrypted"},
      {{good, Path("locked.key"), ""},
       "status-tls-key: /locked.key: has no private key, want one in PEM form, "
       "not encrypted"},
      {{good, Path("other.key"), ""},
       "status-tls-key: /other.key: does not belong to the certificate in "
       "/server.pem, want its key"},
      {{good, key, Path("empty")},
       "status-tls-client-ca: /empty: has no certificate, want one in PEM "
       "form"},
  };
  for (const Case& c : cases) {
    std::string problem(Start(c.files).status().message());
    for (size_t at; (at = problem.find(folder_)) != std::string::npos;) {
      problem.erase(at, folder_.size());
    }
    EXPECT_EQ(problem, c.problem);
  }
}

}  // namespace
}  // namespace lb
