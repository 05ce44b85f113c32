#include "lb/http/tls_errors.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/utc_text.h"
#include "lb/net/ip_address.h"

namespace lb::http {
namespace {

// What a certificate of a stranger may put into a message.
constexpr int kNamesShown = 4;
constexpr size_t kNameBytesShown = 80;

std::string_view PeerOf(const SSL* ssl) {
  return SSL_is_server(const_cast<SSL*>(ssl)) ? "client" : "server";
}

std::string TimeText(const ASN1_TIME* time) {
  std::tm civil{};
  if (ASN1_TIME_to_tm(time, &civil) != 1) return "an unreadable time";
  return FormatUtc(absl::FromTM(civil, absl::UTCTimeZone()));
}

std::string Shown(std::string_view text) {
  const std::string shown =
      absl::CHexEscape(std::string(text.substr(0, kNameBytesShown)));
  return text.size() > kNameBytesShown ? shown + "..." : shown;
}

std::string NameText(const GENERAL_NAME& name) {
  int type = 0;
  const auto* const value =
      static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type != GEN_DNS && type != GEN_IPADD) return "";
  const std::string_view bytes(
      reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
      static_cast<size_t>(ASN1_STRING_length(value)));
  if (type == GEN_DNS) return Shown(bytes);
  const auto address = net::IpAddress::FromBytes(AsBytes(bytes));
  return address.ok() ? address->ToString() : "";
}

// "a.example, 192.0.2.1", and "..." if there are more; "no name" if none.
std::string NamesText(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(
          certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> texts;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string text = NameText(*sk_GENERAL_NAME_value(names.get(), i));
    if (text.empty()) continue;
    if (texts.size() == kNamesShown) {
      texts.emplace_back("...");
      break;
    }
    texts.push_back(text);
  }
  return texts.empty() ? "no name" : absl::StrJoin(texts, ", ");
}

// What is wrong, as the end of "the server's certificate ...".
std::string Fault(long error, const X509* certificate,
                  const WantedCertificate& wanted) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("has expired at {}, now is {}",
                         TimeText(X509_get0_notAfter(certificate)),
                         FormatUtc(wanted.now));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("is not valid before {}, now is {}",
                         TimeText(X509_get0_notBefore(certificate)),
                         FormatUtc(wanted.now));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("is for {}, want {}", NamesText(certificate),
                         wanted.name);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return fmt::format("is by an unknown authority ({})",
                         X509_verify_cert_error_string(error));
    case X509_V_ERR_INVALID_PURPOSE:
      return "is for another purpose (extended key usage)";
    default:
      return fmt::format("is refused: {}",
                         X509_verify_cert_error_string(error));
  }
}

// The words of an alert, as RFC 8446 (6.2) names it.
std::string AlertText(int alert) {
  switch (alert) {
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "certificate required";
    case SSL_AD_NO_APPLICATION_PROTOCOL:
      return "no application protocol, so it does not speak HTTP/2";
    default:
      return SSL_alert_desc_string_long(alert);
  }
}

}  // namespace

absl::Status CertificateRefused(X509_STORE_CTX* verification,
                                const WantedCertificate& wanted) {
  const X509* const certificate = X509_STORE_CTX_get_current_cert(verification);
  // 0 is the peer's own, the others are authorities.
  const bool is_own = X509_STORE_CTX_get_error_depth(verification) == 0;
  const long error = X509_STORE_CTX_get_error(verification);
  return absl::UnauthenticatedError(
      fmt::format("the {}'s certificate {}{}", wanted.peer,
                  is_own ? "" : "has an authority whose certificate ",
                  certificate == nullptr ? X509_verify_cert_error_string(error)
                                         : Fault(error, certificate, wanted)));
}

absl::Status TlsFailed(const SSL* ssl) {
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const int reason = ERR_GET_REASON(error);
  const std::string_view peer = PeerOf(ssl);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    if (reason >= SSL_AD_REASON_OFFSET &&
        reason <= SSL_AD_REASON_OFFSET + 255) {
      return absl::UnavailableError(
          fmt::format("the {} refuses: {}", peer,
                      AlertText(reason - SSL_AD_REASON_OFFSET)));
    }
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
        reason == SSL_R_PACKET_LENGTH_TOO_LONG) {
      return absl::UnavailableError(
          fmt::format("the {} does not speak TLS", peer));
    }
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
      return absl::UnavailableError(
          fmt::format("the {} speaks an old TLS, want 1.2 or newer", peer));
    }
  }
  const char* const text = ERR_reason_error_string(error);
  return absl::UnavailableError(
      fmt::format("the {}'s TLS cannot be understood: {}", peer,
                  text == nullptr ? "no reason" : text));
}

}  // namespace lb::http
