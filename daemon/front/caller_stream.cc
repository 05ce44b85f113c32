#include "daemon/front/caller_stream.h"

#include <openssl/ssl.h>

#include <utility>

#include "asio/error.hpp"
#include "asio/post.hpp"
#include "asio/ssl/error.hpp"
#include "asio/ssl/stream.hpp"
#include "asio/ssl/stream_base.hpp"
#include "asio/write.hpp"
#include "daemon/front/certificate_names.h"

namespace lb::front {
namespace {

class ClearStream final : public CallerStream {
 public:
  explicit ClearStream(Socket socket) : socket_(std::move(socket)) {}

  void Handshake(OnDone on_done) override {
    asio::post(socket_.get_executor(),
               [on_done = std::move(on_done)] { on_done(asio::error_code()); });
  }
  std::vector<std::string> Names() const override { return {}; }
  void ReadSome(asio::mutable_buffer buffer, OnBytes on_bytes) override {
    socket_.async_read_some(buffer, std::move(on_bytes));
  }
  void Write(asio::const_buffer bytes, OnBytes on_bytes) override {
    asio::async_write(socket_, bytes, std::move(on_bytes));
  }
  void Close() override {
    asio::error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

class TlsStream final : public CallerStream {
 public:
  TlsStream(Socket socket, SSL* ssl) : stream_(std::move(socket), ssl) {}

  void Handshake(OnDone on_done) override {
    stream_.async_handshake(
        asio::ssl::stream_base::server,
        [this, on_done = std::move(on_done)](const asio::error_code& error) {
          on_done(Judge(error));
        });
  }
  std::vector<std::string> Names() const override {
    const X509* const certificate = SSL_get0_peer_certificate(ssl());
    if (certificate == nullptr) return {};
    return NamesOf(*certificate);
  }
  void ReadSome(asio::mutable_buffer buffer, OnBytes on_bytes) override {
    stream_.async_read_some(buffer, std::move(on_bytes));
  }
  void Write(asio::const_buffer bytes, OnBytes on_bytes) override {
    asio::async_write(stream_, bytes, std::move(on_bytes));
  }
  void Close() override {
    asio::error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

 private:
  // Asio's getter is not const.
  SSL* ssl() const {
    return const_cast<asio::ssl::stream<Socket>&>(stream_).native_handle();
  }
  // OpenSSL does not refuse a caller that offers no protocol at all.
  asio::error_code Judge(const asio::error_code& error) const {
    if (error == asio::ssl::error::stream_truncated) return asio::error::eof;
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl(), &name, &size);
    if (error || size > 0) return error;
    return asio::error::no_protocol_option;
  }

  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<CallerStream> NewClearStream(CallerStream::Socket socket) {
  return std::make_unique<ClearStream>(std::move(socket));
}

std::unique_ptr<CallerStream> NewTlsStream(CallerStream::Socket socket,
                                           const TlsSetup& tls) {
  // The stream owns it.
  SSL* const ssl = SSL_new(tls.context.get());
  return std::make_unique<TlsStream>(std::move(socket), ssl);
}

}  // namespace lb::front
