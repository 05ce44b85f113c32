// lbctl over TLS against a real listener: tests what it says when it is
// refused. openssl makes the certificates here.
#include <string>

#include "daemon/front/access.h"
#include "daemon/lbctl/testing/run_words.h"
#include "daemon/testing/tls_node_test.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class LbctlTlsTest : public TlsNodeTest {
 protected:
  lbctl::Outcome Ask(const std::string& flags) const {
    return lbctl::RunWords(
        fmt::format("--server {} {} status", address_, flags));
  }
  // Returns the flags for a certificate and the authority "ca".
  std::string As(const std::string& certificate) const {
    return fmt::format("--tls-ca {} --tls-cert {} --tls-key {}", Path("ca.pem"),
                       Path(certificate + ".pem"), Path(certificate + ".key"));
  }
};

TEST_F(LbctlTlsTest, ACallerThatIsKnownIsAnswered) {
  tls_.client_ca = Path("ca.pem");
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  const lbctl::Outcome outcome = Ask(As("client"));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("Node:       n1\n"));
  (*server)->Shutdown();
}

TEST_F(LbctlTlsTest, ACallerThatIsRefusedHearsWhy) {
  MakeAuthority("other");
  MakeCertificate("stranger", "other");
  MakeCertificate("nobody", "ca", "DNS:nobody.example");
  tls_.client_ca = Path("ca.pem");
  const auto server = Start(tls_, {.readers = {"monitor.example"}});
  ASSERT_THAT(server, IsOk());
  for (const char* certificate : {"stranger", "nobody"}) {
    const lbctl::Outcome refused = Ask(As(certificate));
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.err,
                HasSubstr(fmt::format("does not accept the certificate {} (",
                                      Path(certificate) + ".pem")));
    EXPECT_THAT(refused.err, HasSubstr("\nlbctl: want one that is valid now"));
  }
  const lbctl::Outcome anonymous = Ask("--tls-ca " + Path("ca.pem"));
  EXPECT_EQ(anonymous.status, 1);
  EXPECT_THAT(anonymous.err,
              HasSubstr("wants a certificate, and none was shown ("));
  EXPECT_THAT(anonymous.err,
              HasSubstr("\nlbctl: --tls-cert FILE and --tls-key FILE: "));
  (*server)->Shutdown();
}

TEST_F(LbctlTlsTest, AServerOfAnotherAuthorityIsNamedAsSuch) {
  MakeAuthority("other");
  const auto server = Start(tls_);
  ASSERT_THAT(server, IsOk());
  const lbctl::Outcome outcome = Ask("--tls-ca " + Path("other.pem"));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("certificate verify failed"));
  (*server)->Shutdown();
}

}  // namespace
}  // namespace lb
