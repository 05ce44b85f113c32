#include "lb/http/testing/certificates.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <utility>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/http/openssl_types.h"
#include "lb/net/ip_address.h"

namespace lb::http {
namespace {

constexpr absl::Duration kAuthorityLife = absl::Hours(24 * 365);
constexpr unsigned kWeakKeyBits = 1024;

KeyPointer NewKey(TestKey kind) {
  KeyPointer key(kind == TestKey::kWeak ? EVP_RSA_gen(kWeakKeyBits)
                                        : EVP_EC_gen("P-256"));
  LB_CHECK(key != nullptr);
  return key;
}

std::string TextOf(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  LB_CHECK(PEM_write_bio_X509(bio.get(), certificate) == 1);
  return TextOf(bio.get());
}

std::string PemOf(EVP_PKEY* key) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  LB_CHECK(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0,
                                    nullptr, nullptr) == 1);
  return TextOf(bio.get());
}

// "DNS:api.example,IP:192.0.2.1"
std::string AlternativeNames(const std::vector<std::string>& names) {
  return absl::StrJoin(names, ",", [](std::string* out, const auto& name) {
    const bool is_address = net::ParseIpAddress(name).ok();
    *out += fmt::format("{}:{}", is_address ? "IP" : "DNS", name);
  });
}

// One certificate that is being made.
class Draft {
 public:
  Draft(const std::string& common_name, absl::Time from, absl::Time to)
      : made_(X509_new()) {
    static std::atomic<long> last_serial = 0;
    LB_CHECK(made_ != nullptr);
    X509_set_version(made_.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made_.get()), ++last_serial);
    ASN1_TIME_set(X509_getm_notBefore(made_.get()), absl::ToTimeT(from));
    ASN1_TIME_set(X509_getm_notAfter(made_.get()), absl::ToTimeT(to));
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(made_.get()), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  }

  void Add(int extension, const std::string& value) {
    X509_EXTENSION* const made =
        X509V3_EXT_conf_nid(nullptr, nullptr, extension, value.c_str());
    LB_CHECK(made != nullptr);
    X509_add_ext(made_.get(), made, /*loc=*/-1);
    X509_EXTENSION_free(made);
  }

  // `issuer` is null for a root, which signs itself.
  CertificatePointer Sign(EVP_PKEY* key, const X509* issuer,
                          EVP_PKEY* issuer_key) && {
    X509_set_pubkey(made_.get(), key);
    X509_set_issuer_name(
        made_.get(),
        X509_get_subject_name(issuer == nullptr ? made_.get() : issuer));
    LB_CHECK(X509_sign(made_.get(), issuer_key, EVP_sha256()) > 0);
    return std::move(made_);
  }

 private:
  CertificatePointer made_;
};

}  // namespace

struct TestAuthority::Parts {
  CertificatePointer certificate;
  KeyPointer key;

  // `issuer` is null for a root.
  static std::unique_ptr<Parts> Make(const std::string& name, absl::Time now,
                                     const Parts* issuer) {
    auto made = std::make_unique<Parts>();
    made->key = NewKey(TestKey::kGood);
    Draft draft(name, now - kAuthorityLife, now + kAuthorityLife);
    draft.Add(NID_basic_constraints, "critical,CA:TRUE");
    draft.Add(NID_key_usage, "critical,keyCertSign,cRLSign");
    made->certificate =
        issuer == nullptr
            ? std::move(draft).Sign(made->key.get(), nullptr, made->key.get())
            : std::move(draft).Sign(made->key.get(), issuer->certificate.get(),
                                    issuer->key.get());
    return made;
  }
};

TestAuthority::TestAuthority(const std::string& name, absl::Time now)
    : TestAuthority(now, Parts::Make(name, now, nullptr)) {}

TestAuthority::TestAuthority(absl::Time now, std::unique_ptr<Parts> parts)
    : now_(now),
      parts_(std::move(parts)),
      certificate_pem_(PemOf(parts_->certificate.get())) {}

TestAuthority::~TestAuthority() = default;

std::unique_ptr<TestAuthority> TestAuthority::IssueAuthority(
    const std::string& name) const {
  std::unique_ptr<TestAuthority> made(
      new TestAuthority(now_, Parts::Make(name, now_, parts_.get())));
  made->chain_pem_ = made->certificate_pem_ + chain_pem_;
  return made;
}

TestCertificate TestAuthority::Issue(
    const TestCertificateOptions& options) const {
  const absl::Time from = now_ + options.valid_from;
  Draft draft(options.common_name, from, from + options.valid_for);
  draft.Add(NID_basic_constraints, "critical,CA:FALSE");
  draft.Add(NID_ext_key_usage, options.purpose == TestPurpose::kServer
                                   ? "serverAuth"
                                   : "clientAuth");
  if (!options.names.empty()) {
    draft.Add(NID_subject_alt_name, AlternativeNames(options.names));
  }
  const KeyPointer key = NewKey(options.key);
  const CertificatePointer certificate = std::move(draft).Sign(
      key.get(), parts_->certificate.get(), parts_->key.get());
  return {PemOf(certificate.get()) + chain_pem_, PemOf(key.get())};
}

}  // namespace lb::http
