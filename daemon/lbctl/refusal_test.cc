#include "daemon/lbctl/refusal.h"

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(AdviceTest, FitsTheServer) {
  const ClientOptions local = {.server = "unix:/a"};
  const ClientOptions remote = {.server = "n1:7473"};
  const grpc::Status gone(grpc::StatusCode::UNAVAILABLE, "");
  EXPECT_THAT(Advice(gone, local), HasSubstr("open its socket"));
  EXPECT_THAT(Advice(gone, remote), HasSubstr("--tls-ca"));
  EXPECT_THAT(Advice({grpc::StatusCode::DEADLINE_EXCEEDED, ""}, local),
              HasSubstr("--timeout"));
  EXPECT_THAT(Advice({grpc::StatusCode::UNIMPLEMENTED, ""}, remote),
              HasSubstr("--admin-over-tls"));
  EXPECT_THAT(Advice({grpc::StatusCode::INTERNAL, ""}, remote), IsEmpty());
}

// lbctl said only "Socket closed" when the server did not accept its
// certificate.
TEST(CauseTest, AServerThatEndsTlsDoesNotAcceptTheCaller) {
  const ClientOptions anonymous = {.server = "n1:7473", .tls_ca = "ca"};
  ClientOptions known = anonymous;
  known.tls_cert = "me\n.pem";
  known.tls_key = "me.key";
  for (const char* words :
       {"Socket closed", "recvmsg:Connection reset by peer", "Broken pipe",
        "failed to connect to all addresses; last error: UNAVAILABLE: "
        "ipv4:127.0.0.1:7473: Endpoint read failed"}) {
    const grpc::Status ended(grpc::StatusCode::UNAVAILABLE, words);
    EXPECT_EQ(Cause(ended, anonymous),
              fmt::format("the server ended the TLS connection: most likely it "
                          "wants a certificate, and none was shown ({})",
                          words));
    EXPECT_EQ(Advice(ended, anonymous),
              "--tls-cert FILE and --tls-key FILE: a certificate of an "
              "authority in lbd's status-tls-client-ca");
    EXPECT_EQ(Cause(ended, known),
              fmt::format("the server ended the TLS connection: most likely it "
                          "does not accept the certificate me\\x0a.pem ({})",
                          words));
    EXPECT_EQ(Advice(ended, known),
              "want one that is valid now, of an authority in lbd's "
              "status-tls-client-ca, with a name in its status-tls-readers or "
              "status-tls-admins if it has those; `lbctl events` on that node "
              "says what it refused: CallerRefused");
  }
}

TEST(CauseTest, ElseItIsWhatGrpcSays) {
  const ClientOptions clear = {.server = "n1:7473"};
  const ClientOptions tls = {.server = "n1:7473", .tls_ca = "ca"};
  const ClientOptions local = {.server = "unix:/a", .tls_ca = "ca"};
  const grpc::Status ended(grpc::StatusCode::UNAVAILABLE, "Socket closed");
  EXPECT_EQ(Cause(ended, clear), "Socket closed");
  EXPECT_EQ(Cause(ended, local), "Socket closed");
  EXPECT_EQ(Cause({grpc::StatusCode::UNAVAILABLE, "Connection refused"}, tls),
            "Connection refused");
  EXPECT_EQ(Cause({grpc::StatusCode::INTERNAL, "Socket closed\x1b[2J"}, tls),
            "Socket closed\\x1b[2J");
}

}  // namespace
}  // namespace lb::lbctl
