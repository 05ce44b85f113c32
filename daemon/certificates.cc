#include "daemon/certificates.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
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

// The first certificate of the text; of an authority's, all must be good.
absl::StatusOr<Certificate> ParseCertificates(const File& file,
                                              const std::string& text,
                                              absl::Time civil_now) {
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

// What the files say: certificate, key, authorities of clients.
using Texts = std::array<std::string, 3>;

absl::StatusOr<Texts> ReadAll(const TlsFiles& files, absl::Time civil_now) {
  const File cert_file = {"status-tls-cert", files.cert};
  const File key_file = {"status-tls-key", files.key};
  const File ca_file = {"status-tls-client-ca", files.client_ca};
  Texts texts;
  LB_ASSIGN_OR_RETURN(texts[0], Read(cert_file));
  LB_ASSIGN_OR_RETURN(const Certificate certificate,
                      ParseCertificates(cert_file, texts[0], civil_now));
  LB_ASSIGN_OR_RETURN(texts[1], Read(key_file));
  const Key key(PEM_read_bio_PrivateKey(AsBio(texts[1]).get(), nullptr,
                                        NoPassword, nullptr));
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
  if (files.client_ca.empty()) return texts;
  LB_ASSIGN_OR_RETURN(texts[2], Read(ca_file));
  LB_RETURN_IF_ERROR(ParseCertificates(ca_file, texts[2], civil_now).status());
  return texts;
}

// A file in memory, of modification time `seconds`; -1: errno says why not.
int MakeCopy(const std::string& text, time_t seconds) {
  const int made = memfd_create("lbd-tls", MFD_CLOEXEC);
  if (made < 0) return -1;
  const ssize_t size = write(made, text.data(), text.size());
  const std::array<timespec, 2> times = {timespec{.tv_sec = seconds},
                                         timespec{.tv_sec = seconds}};
  if (size == static_cast<ssize_t>(text.size()) &&
      futimens(made, times.data()) == 0) {
    return made;
  }
  close(made);
  return -1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KeptTlsFiles>> KeptTlsFiles::Create(
    const TlsFiles& from, absl::Time civil_now) {
  std::unique_ptr<KeptTlsFiles> kept(new KeptTlsFiles(from));
  LB_RETURN_IF_ERROR(kept->Read(civil_now));
  const auto path = [&](int i) {
    return fmt::format("/proc/self/fd/{}", kept->fds_[i]);
  };
  kept->copies_ = {.cert = path(0), .key = path(1)};
  if (!from.client_ca.empty()) kept->copies_.client_ca = path(2);
  return kept;
}

KeptTlsFiles::~KeptTlsFiles() {
  for (const int fd : fds_) {
    if (fd >= 0) close(fd);
  }
}

// gRPC compares modification times before and after it reads key and
// certificate, so it never takes up an old one with a new one.
absl::Status KeptTlsFiles::Read(absl::Time civil_now) {
  LB_ASSIGN_OR_RETURN(const Texts texts, ReadAll(from_, civil_now));
  std::array<int, 3> made = {-1, -1, -1};
  ++reads_;
  bool all_made = true;
  for (size_t i = 0; i < texts.size(); ++i) {
    made[i] = MakeCopy(texts[i], reads_);
    all_made &= made[i] >= 0;
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    if (all_made && fds_[i] >= 0) {
      dup3(made[i], fds_[i], O_CLOEXEC);  // Its path now leads to the new one.
    } else if (all_made) {
      fds_[i] = std::exchange(made[i], -1);
    }
    if (made[i] >= 0) close(made[i]);
  }
  if (all_made) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("status-tls-cert: {}: no memory for a copy", from_.cert));
}

}  // namespace lb
