#include "lb/http/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/http/tls_errors.h"
#include "lb/net/ip_address.h"

namespace lb::http {
namespace {

// OpenSSL gets so many of the peer's bytes at once, and keeps only what is no
// whole record yet.
constexpr size_t kInputSlice = 16 << 10;
// RFC 1035, 2.3.4.
constexpr size_t kServerNameBytesMax = 253;

BIO* NewMemory() {
  BIO* const bio = BIO_new(BIO_s_mem());
  LB_CHECK(bio != nullptr);
  BIO_set_mem_eof_return(bio, -1);  // Empty: more is to come.
  return bio;
}

absl::Status CheckServerName(const std::string& name) {
  const bool is_printable = std::all_of(
      name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!name.empty() && name.size() <= kServerNameBytesMax && is_printable) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("tls: server name: \"{}\", want a DNS name or an IP address",
                  absl::CHexEscape(name.substr(0, kServerNameBytesMax))));
}

// The certificate must have the name. A name, not an address, is sent in the
// clear too, so that a server of many names can choose (SNI, RFC 6066).
bool WantName(SSL* ssl, const std::string& name) {
  X509_VERIFY_PARAM* const param = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(param,
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  const auto address = net::ParseIpAddress(name);
  if (address.ok()) {
    const std::vector<uint8_t> bytes = address->ToBytes();
    return X509_VERIFY_PARAM_set1_ip(param, bytes.data(), bytes.size()) == 1;
  }
  return X509_VERIFY_PARAM_set1_host(param, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

}  // namespace

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context,
                       absl::Time civil_now)
    : context_(std::move(context)),
      civil_now_(civil_now),
      ssl_(context_->NewSsl()),
      input_(NewMemory()),
      output_(NewMemory()) {
  LB_CHECK(ssl_ != nullptr);
  SSL_set_bio(ssl_.get(), input_, output_);  // Which owns them from here on.
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()),
                             absl::ToTimeT(civil_now));
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_verify(ssl_.get(), SSL_get_verify_mode(ssl_.get()), OnVerified);
}

TlsSession::~TlsSession() = default;

absl::StatusOr<std::unique_ptr<TlsSession>> TlsSession::Client(
    std::shared_ptr<const TlsContext> context, const std::string& server_name,
    absl::Time civil_now) {
  LB_CHECK(!context->is_server());
  LB_RETURN_IF_ERROR(CheckServerName(server_name));
  std::unique_ptr<TlsSession> session(
      new TlsSession(std::move(context), civil_now));
  session->server_name_ = server_name;
  SSL_set_connect_state(session->ssl_.get());
  if (!WantName(session->ssl_.get(), server_name)) {
    ERR_clear_error();
    return absl::InvalidArgumentError(fmt::format(
        "tls: server name: \"{}\", want one that OpenSSL takes", server_name));
  }
  session->Handshake();
  return session;
}

std::unique_ptr<TlsSession> TlsSession::Server(
    std::shared_ptr<const TlsContext> context, absl::Time civil_now) {
  LB_CHECK(context->is_server());
  std::unique_ptr<TlsSession> session(
      new TlsSession(std::move(context), civil_now));
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

absl::Status TlsSession::Receive(absl::Span<const uint8_t> bytes) {
  while (!bytes.empty() && status_.ok() && !peer_finished_) {
    const auto slice = bytes.first(std::min(bytes.size(), kInputSlice));
    bytes.remove_prefix(slice.size());
    const int size = static_cast<int>(slice.size());
    LB_CHECK(BIO_write(input_, slice.data(), size) == size);
    if (!established_) Handshake();
    if (established_) Read();
  }
  return status_;
}

void TlsSession::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return Judge(result);
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  const std::string_view protocol = AsText(absl::MakeConstSpan(chosen, size));
  if (!context_->is_server() && protocol != context_->protocol()) {
    Fail(absl::FailedPreconditionError(fmt::format(
        "the server does not speak HTTP/2: it chose \"{}\", want \"{}\" (ALPN)",
        absl::CHexEscape(std::string(protocol)), context_->protocol())));
    return;
  }
  established_ = true;
}

void TlsSession::Read() {
  std::array<char, 16 << 10> buffer;
  while (status_.ok() && !peer_finished_) {
    ERR_clear_error();
    const int size =
        SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (size <= 0) return Judge(size);
    plaintext_.append(buffer.data(), static_cast<size_t>(size));
  }
}

void TlsSession::Judge(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return;
    case SSL_ERROR_ZERO_RETURN:
      peer_finished_ = true;
      return;
    default:
      break;
  }
  if (!established_ && !refusal_.ok()) {
    ERR_clear_error();
    return Fail(refusal_);
  }
  Fail(TlsFailed(ssl_.get()));
}

// Keeps the first fault. The verdict is OpenSSL's.
int TlsSession::OnVerified(int accepted, X509_STORE_CTX* verification) {
  const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(
      verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const session = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  if (accepted == 0 && session->refusal_.ok()) {
    session->refusal_ = CertificateRefused(
        verification,
        {.peer = session->context_->is_server() ? "client" : "server",
         .name = session->server_name_,
         .now = session->civil_now_});
  }
  return accepted;
}

void TlsSession::Fail(absl::Status why) {
  if (status_.ok()) status_ = std::move(why);
}

std::string TlsSession::TakePlaintext() {
  return std::exchange(plaintext_, std::string());
}

std::string TlsSession::TakeOutput() {
  std::string bytes(BIO_ctrl_pending(output_), '\0');
  if (bytes.empty()) return bytes;
  const int size = static_cast<int>(bytes.size());
  LB_CHECK(BIO_read(output_, bytes.data(), size) == size);
  return bytes;
}

void TlsSession::Send(std::string_view plaintext) {
  LB_CHECK(established_);
  // A memory BIO takes whatever comes; a slice keeps the length an int.
  while (!plaintext.empty() && status_.ok()) {
    const std::string_view slice = plaintext.substr(0, kInputSlice);
    ERR_clear_error();
    const int result =
        SSL_write(ssl_.get(), slice.data(), static_cast<int>(slice.size()));
    if (result <= 0) return Judge(result);
    plaintext.remove_prefix(slice.size());
  }
}

void TlsSession::Finish() {
  if (!established_ || !status_.ok()) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

}  // namespace lb::http
