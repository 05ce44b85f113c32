#include "lb/http/tls_context.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/http/openssl_types.h"

namespace lb::http {
namespace {

// A length of ALPN has eight bits.
constexpr size_t kProtocolBytesMax = 255;

// A text in PEM form and the field that has it.
struct Pem {
  std::string_view field;
  const std::string& text;

  absl::Status Refuse(std::string_view why) const {
    return absl::InvalidArgumentError(fmt::format("tls: {}: {}", field, why));
  }
  // OpenSSL did not take it.
  absl::Status RefusedByOpenssl() const {
    const char* const reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return Refuse(fmt::format("is refused by OpenSSL ({}), want another",
                              reason == nullptr ? "no reason" : reason));
  }
  BioPointer Open() const {
    return BioPointer(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  }
};

// Without this, OpenSSL would ask for a password on the terminal.
int NoPassword(char*, int, int, void*) { return 0; }

absl::Status CheckSize(const Pem& pem) {
  if (pem.text.size() <= TlsContext::kPemBytesMax) return absl::OkStatus();
  return pem.Refuse(fmt::format("{} bytes, want at most {}", pem.text.size(),
                                TlsContext::kPemBytesMax));
}

// All certificates in the text, at least one.
absl::StatusOr<std::vector<CertificatePointer>> ParseCertificates(
    const Pem& pem) {
  LB_RETURN_IF_ERROR(CheckSize(pem));
  const BioPointer bio = pem.Open();
  std::vector<CertificatePointer> all;
  while (CertificatePointer certificate{
      PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)}) {
    all.push_back(std::move(certificate));
  }
  // The end of the text is the error that says so; a damaged certificate is
  // another one.
  const bool is_whole =
      ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!is_whole) {
    return pem.Refuse(fmt::format(
        "certificate {} is damaged, want it in PEM form", all.size() + 1));
  }
  if (all.empty()) {
    return pem.Refuse("has no certificate, want one in PEM form");
  }
  return all;
}

absl::StatusOr<KeyPointer> ParseKey(const Pem& pem) {
  LB_RETURN_IF_ERROR(CheckSize(pem));
  KeyPointer key(
      PEM_read_bio_PrivateKey(pem.Open().get(), nullptr, NoPassword, nullptr));
  ERR_clear_error();
  if (key != nullptr) return key;
  return pem.Refuse("has no private key, want one in PEM form, not encrypted");
}

absl::Status UseCertificate(const Pem& pem, const Pem& key_pem,
                            SSL_CTX* context) {
  LB_ASSIGN_OR_RETURN(const std::vector<CertificatePointer> chain,
                      ParseCertificates(pem));
  LB_ASSIGN_OR_RETURN(const KeyPointer key, ParseKey(key_pem));
  if (X509_check_private_key(chain[0].get(), key.get()) != 1) {
    ERR_clear_error();
    return key_pem.Refuse(fmt::format(
        "does not belong to the certificate in {}, want its key", pem.field));
  }
  bool used = SSL_CTX_use_certificate(context, chain[0].get()) == 1;
  for (size_t i = 1; i < chain.size() && used; ++i) {
    used = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  }
  if (!used) return pem.RefusedByOpenssl();
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return key_pem.RefusedByOpenssl();
  }
  return absl::OkStatus();
}

absl::Status UseAuthorities(const Pem& pem, SSL_CTX* context) {
  LB_ASSIGN_OR_RETURN(const std::vector<CertificatePointer> authorities,
                      ParseCertificates(pem));
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const CertificatePointer& authority : authorities) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) {
      return pem.RefusedByOpenssl();
    }
  }
  // The text may name an authority that another one vouches for.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return absl::OkStatus();
}

// The list of one protocol, as ALPN has it (RFC 7301, 3.1).
std::string ProtocolList(const std::string& protocol) {
  return static_cast<char>(protocol.size()) + protocol;
}

int ChooseProtocol(SSL*, const unsigned char** chosen,
                   unsigned char* chosen_size, const unsigned char* offered,
                   unsigned offered_size, void* server) {
  const std::string list =
      ProtocolList(static_cast<const TlsContext*>(server)->protocol());
  unsigned char* found = nullptr;
  // What they agree on is found in the first list, which outlives this call.
  if (SSL_select_next_proto(&found, chosen_size, offered, offered_size,
                            reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size())) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsContext::TlsContext(bool is_server, std::string protocol)
    : is_server_(is_server),
      protocol_(std::move(protocol)),
      context_(
          SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method())) {
  SSL_CTX* const context = context_.get();
  LB_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // For TLS 1.2: the ciphers that HTTP/2 allows (RFC 9113, 9.2.2).
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                   SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // An idle connection keeps no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (is_server_) {
    SSL_CTX_set_num_tickets(context, 0);
    if (!protocol_.empty()) {
      SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, this);
    }
    return;
  }
  const std::string list = ProtocolList(protocol_);
  LB_CHECK(SSL_CTX_set_alpn_protos(
               context, reinterpret_cast<const unsigned char*>(list.data()),
               static_cast<unsigned>(list.size())) == 0);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, /*callback=*/nullptr);
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::MakeClient(
    const TlsCredentials& credentials) {
  std::shared_ptr<TlsContext> made(
      new TlsContext(/*is_server=*/false, /*protocol=*/"h2"));
  SSL_CTX* const context = made->context_.get();
  if (credentials.ca_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    ERR_clear_error();
  } else {
    LB_RETURN_IF_ERROR(UseAuthorities({"ca", credentials.ca_pem}, context));
  }
  const Pem certificate = {"certificate", credentials.certificate_pem};
  const Pem key = {"key", credentials.key_pem};
  if (certificate.text.empty() && key.text.empty()) return made;
  if (certificate.text.empty()) {
    return certificate.Refuse("is missing, want one for the key");
  }
  if (key.text.empty()) {
    return key.Refuse("is missing, want one for the certificate");
  }
  LB_RETURN_IF_ERROR(UseCertificate(certificate, key, context));
  return made;
}

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::MakeServer(
    const TlsServerCredentials& credentials) {
  std::shared_ptr<TlsContext> made(
      new TlsContext(/*is_server=*/true, credentials.protocol));
  SSL_CTX* const context = made->context_.get();
  if (credentials.protocol.size() > kProtocolBytesMax) {
    return absl::InvalidArgumentError(
        fmt::format("tls: protocol: {} bytes, want at most {}",
                    credentials.protocol.size(), kProtocolBytesMax));
  }
  LB_RETURN_IF_ERROR(
      UseCertificate({"certificate", credentials.certificate_pem},
                     {"key", credentials.key_pem}, context));
  if (credentials.client_ca_pem.empty()) return made;
  LB_RETURN_IF_ERROR(
      UseAuthorities({"client ca", credentials.client_ca_pem}, context));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     /*callback=*/nullptr);
  return made;
}

SSL* TlsContext::NewSsl() const { return SSL_new(context_.get()); }

}  // namespace lb::http
