#include "lb/http/tls_context.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"
#include "lb/http/testing/certificates.h"

namespace lb::http {
namespace {

using testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'704'067'200);

class TlsContextTest : public testing::Test {
 protected:
  const TestAuthority authority_{"root", kNow};
  const TestCertificate client_ =
      authority_.Issue({.purpose = TestPurpose::kClient});
  const TestCertificate other_ =
      authority_.Issue({.purpose = TestPurpose::kClient});
};

TEST_F(TlsContextTest, TakesGoodCredentials) {
  EXPECT_THAT(TlsContext::MakeClient({}), IsOk());
  EXPECT_THAT(
      TlsContext::MakeClient({.ca_pem = authority_.certificate_pem(),
                              .certificate_pem = client_.certificate_pem,
                              .key_pem = client_.key_pem}),
      IsOk());
  EXPECT_THAT(
      TlsContext::MakeServer({.certificate_pem = client_.certificate_pem,
                              .key_pem = client_.key_pem,
                              .client_ca_pem = authority_.certificate_pem()}),
      IsOk());
}

TEST_F(TlsContextTest, RefusesEachFaultByName) {
  const std::string damaged =
      absl::StrReplaceAll(authority_.certificate_pem(), {{"MII", "MI*"}});
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  const std::string huge(TlsContext::kPemBytesMax + 1, 'x');
  const struct {
    TlsCredentials credentials;
    std::string message;
  } cases[] = {
      {{.ca_pem = "no certificate"}, "tls: ca: has no certificate"},
      {{.ca_pem = client_.key_pem}, "tls: ca: has no certificate"},
      {{.ca_pem = damaged}, "tls: ca: certificate 1 is damaged"},
      {{.ca_pem = authority_.certificate_pem() + damaged},
       "tls: ca: certificate 2 is damaged"},
      {{.ca_pem = huge}, "tls: ca: 1048577 bytes, want at most 1048576"},
      {{.certificate_pem = client_.certificate_pem},
       "tls: key: is missing, want one for the certificate"},
      {{.key_pem = client_.key_pem},
       "tls: certificate: is missing, want one for the key"},
      {{.certificate_pem = client_.certificate_pem, .key_pem = other_.key_pem},
       "tls: key: does not belong to the certificate in certificate"},
      {{.certificate_pem = client_.certificate_pem, .key_pem = "nothing"},
       "tls: key: has no private key"},
      {{.certificate_pem = client_.certificate_pem, .key_pem = encrypted},
       "tls: key: has no private key, want one in PEM form, not encrypted"},
      {{.certificate_pem = client_.certificate_pem, .key_pem = huge},
       "tls: key: 1048577 bytes"},
      {{.certificate_pem = huge, .key_pem = client_.key_pem},
       "tls: certificate: 1048577 bytes"},
  };
  for (const auto& [credentials, message] : cases) {
    EXPECT_THAT(
        TlsContext::MakeClient(credentials),
        StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  }
}

TEST_F(TlsContextTest, RefusesAKeyThatIsTooShort) {
  const TestCertificate weak = authority_.Issue({.key = TestKey::kWeak});
  EXPECT_THAT(TlsContext::MakeClient({.certificate_pem = weak.certificate_pem,
                                      .key_pem = weak.key_pem}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("certificate: is refused by OpenSSL")));
}

TEST_F(TlsContextTest, AServerNeedsACertificateAndAShortProtocol) {
  EXPECT_THAT(TlsContext::MakeServer({}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("certificate: has no certificate")));
  EXPECT_THAT(
      TlsContext::MakeServer({.certificate_pem = client_.certificate_pem,
                              .key_pem = client_.key_pem,
                              .protocol = std::string(256, 'x')}),
      StatusIs(absl::StatusCode::kInvalidArgument,
               HasSubstr("protocol: 256 bytes, want at most 255")));
}

}  // namespace
}  // namespace lb::http
