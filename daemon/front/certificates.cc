#include "daemon/front/certificates.h"

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
#include <vector>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/config/text_file.h"

namespace lb::front {
namespace {

constexpr size_t kPemBytesMax = 1 << 20;

template <typename T, void (*free)(T*)>
struct Free {
  void operator()(T* object) const { free(object); }
};
using Certificate = std::unique_ptr<X509, Free<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO, BIO_free_all>>;

// A PEM file and the option that names it.
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

// Without this, OpenSSL would ask for a password on the terminal.
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

// Parses all certificates in the text, at least one. Each must be valid now.
absl::StatusOr<std::vector<Certificate>> ParseCertificates(
    const File& file, const std::string& text, absl::Time civil_now) {
  const Bio bio = AsBio(text);
  std::vector<Certificate> all;
  while (Certificate certificate{
      PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)}) {
    LB_RETURN_IF_ERROR(CheckDates(file, certificate.get(), civil_now));
    all.push_back(std::move(certificate));
  }
  ERR_clear_error();
  if (all.empty()) {
    return file.Refuse("has no certificate, want one in PEM form");
  }
  return all;
}

// The error for a file that OpenSSL did not take.
absl::Status RefusedByOpenssl(const File& file) {
  const char* const reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return file.Refuse(fmt::format("is refused by OpenSSL ({}), want another",
                                 reason == nullptr ? "no reason" : reason));
}

absl::Status UseCertificates(const File& file, const std::string& text,
                             absl::Time civil_now, SSL_CTX* context) {
  LB_ASSIGN_OR_RETURN(const std::vector<Certificate> chain,
                      ParseCertificates(file, text, civil_now));
  bool used = SSL_CTX_use_certificate(context, chain[0].get()) == 1;
  for (size_t i = 1; i < chain.size() && used; ++i) {
    used = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  }
  return used ? absl::OkStatus() : RefusedByOpenssl(file);
}

absl::Status UseKey(const File& file, const std::string& text,
                    std::string_view cert_path, SSL_CTX* context) {
  const Key key(
      PEM_read_bio_PrivateKey(AsBio(text).get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key == nullptr) {
    return file.Refuse(
        "has no private key, want one in PEM form, not encrypted");
  }
  const bool fits =
      X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) == 1;
  ERR_clear_error();
  if (!fits) {
    return file.Refuse(fmt::format(
        "does not belong to the certificate in {}, want its key", cert_path));
  }
  return SSL_CTX_use_PrivateKey(context, key.get()) == 1
             ? absl::OkStatus()
             : RefusedByOpenssl(file);
}

// Asks clients for a certificate by these authorities, and refuses all others.
absl::Status UseAuthorities(const File& file, const std::string& text,
                            absl::Time civil_now, SSL_CTX* context) {
  LB_ASSIGN_OR_RETURN(const std::vector<Certificate> authorities,
                      ParseCertificates(file, text, civil_now));
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const Certificate& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return RefusedByOpenssl(file);
    }
  }
  // The file may name an authority that another one vouches for.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     /*callback=*/nullptr);
  return absl::OkStatus();
}

int ChooseHttp2(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kHttp2[] = {2, 'h', '2'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_size, kHttp2, sizeof(kHttp2),
                            offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

std::shared_ptr<SSL_CTX> NewContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()),
                                   SSL_CTX_free);
  LB_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // For TLS 1.2: the ciphers that HTTP/2 allows (RFC 9113, 9.2.2).
  SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_NO_TICKET |
                                         SSL_OP_NO_COMPRESSION);
  // A client that resumed a session would not show its certificate again.
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseHttp2, nullptr);
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsSetup>> ReadTlsFiles(
    const TlsFiles& files, absl::Time civil_now) {
  const File cert_file = {"status-tls-cert", files.cert};
  const File key_file = {"status-tls-key", files.key};
  const File ca_file = {"status-tls-client-ca", files.client_ca};
  auto setup = std::make_shared<TlsSetup>();
  setup->context = NewContext();
  SSL_CTX* const context = setup->context.get();
  LB_ASSIGN_OR_RETURN(const std::string cert, Read(cert_file));
  LB_RETURN_IF_ERROR(UseCertificates(cert_file, cert, civil_now, context));
  LB_ASSIGN_OR_RETURN(const std::string key, Read(key_file));
  LB_RETURN_IF_ERROR(UseKey(key_file, key, files.cert, context));
  if (!files.client_ca.empty()) {
    LB_ASSIGN_OR_RETURN(setup->client_ca, Read(ca_file));
    LB_RETURN_IF_ERROR(
        UseAuthorities(ca_file, setup->client_ca, civil_now, context));
  }
  return setup;
}

}  // namespace lb::front
