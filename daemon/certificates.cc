#include "daemon/certificates.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "lb/base/status_macros.h"
#include "lb/config/text_file.h"

namespace lb {
namespace {

constexpr size_t kPemBytesMax = 1 << 20;

template <typename T, void (*free)(T*)>
struct Free {
  void operator()(T* object) const { free(object); }
};
using Certificate = std::unique_ptr<X509, Free<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO, BIO_free_all>>;

// A PEM file by the option that names it.
struct File {
  std::string_view option;
  const std::string& path;

  absl::Status Refuse(std::string_view why) const {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}: {}", option, path, why));
  }
};

absl::StatusOr<std::string> Read(const File& file) {
  absl::StatusOr<std::string> text =
      config::ReadTextFile(file.path, kPemBytesMax);
  if (text.ok()) return text;
  return absl::UnavailableError(
      fmt::format("{}: {}: {}", file.option, file.path,
                  std::string(text.status().message())));
}

Bio AsBio(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Else OpenSSL would ask for it on the terminal.
int NoPassword(char*, int, int, void*) { return 0; }

absl::Status CheckDates(const File& file, const X509* certificate,
                        absl::Time civil_now) {
  time_t now = absl::ToTimeT(civil_now);
  if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
    return file.Refuse("has expired, want a valid certificate");
  }
  if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
    return file.Refuse("is not valid yet, want a valid certificate");
  }
  return absl::OkStatus();
}

// The first certificate of the file; of an authority's, all must be good.
absl::StatusOr<Certificate> ReadCertificates(const File& file,
                                             absl::Time civil_now) {
  LB_ASSIGN_OR_RETURN(const std::string text, Read(file));
  const Bio bio = AsBio(text);
  Certificate first;
  while (Certificate certificate{
      PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)}) {
    LB_RETURN_IF_ERROR(CheckDates(file, certificate.get(), civil_now));
    if (first == nullptr) first = std::move(certificate);
  }
  ERR_clear_error();
  if (first == nullptr) {
    return file.Refuse("has no certificate, want one in PEM form");
  }
  return first;
}

}  // namespace

absl::Status CheckTlsFiles(const TlsFiles& files, absl::Time civil_now) {
  LB_ASSIGN_OR_RETURN(
      const Certificate certificate,
      ReadCertificates({"status-tls-cert", files.cert}, civil_now));
  const File key_file = {"status-tls-key", files.key};
  LB_ASSIGN_OR_RETURN(const std::string text, Read(key_file));
  const Key key(
      PEM_read_bio_PrivateKey(AsBio(text).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    return key_file.Refuse(
        "has no private key, want one in PEM form, not encrypted");
  }
  const bool fit = X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!fit) {
    return key_file.Refuse(fmt::format(
        "does not belong to the certificate in {}, want its key", files.cert));
  }
  if (files.client_ca.empty()) return absl::OkStatus();
  return ReadCertificates({"status-tls-client-ca", files.client_ca}, civil_now)
      .status();
}

}  // namespace lb
