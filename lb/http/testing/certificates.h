// TestAuthority: makes certificates for tests, good ones and bad ones.
//
//   const TestAuthority authority("authority", civil_now);
//   const TestCertificate server = authority.Issue({.names = {"api.example"}});
//   TlsContext::MakeServer({.certificate_pem = server.certificate_pem,
//                           .key_pem = server.key_pem});
//   TlsContext::MakeClient({.ca_pem = authority.certificate_pem()});
//
// Keys are random, the rest is as it is told. Any thread.
#ifndef LB_HTTP_TESTING_CERTIFICATES_H_
#define LB_HTTP_TESTING_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lb::http {

struct TestCertificate {
  std::string certificate_pem;  // With the authorities between it and the root.
  std::string key_pem;
};

enum class TestKey { kGood, kWeak };
enum class TestPurpose { kServer, kClient };

struct TestCertificateOptions {
  // DNS names and addresses, its alternative names.
  std::vector<std::string> names;
  std::string common_name = "test";
  TestPurpose purpose = TestPurpose::kServer;
  TestKey key = TestKey::kGood;
  // Relative to the authority's time.
  absl::Duration valid_from = -absl::Hours(24);
  absl::Duration valid_for = absl::Hours(48);
};

class TestAuthority {
 public:
  // A root, valid from one year before `now` to one year after it.
  TestAuthority(const std::string& name, absl::Time now);
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;
  ~TestAuthority();

  // An authority that this one vouches for.
  std::unique_ptr<TestAuthority> IssueAuthority(const std::string& name) const;

  TestCertificate Issue(const TestCertificateOptions& options) const;

  const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  struct Parts;

  TestAuthority(absl::Time now, std::unique_ptr<Parts> parts);

  const absl::Time now_;
  const std::unique_ptr<Parts> parts_;
  std::string certificate_pem_;
  std::string chain_pem_;  // Below the root; empty for the root itself.
};

}  // namespace lb::http

#endif  // LB_HTTP_TESTING_CERTIFICATES_H_
