// http URL [CA]: fetches a page by HTTP/2 and prints it. http:// is clear text
// with prior knowledge.
//
//   http https://www.example.org/
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/http/http2_client.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/io/posix/thread_resolver.h"
#include "lb/net/host_port.h"

namespace {

class Printer final : public lb::http::ResponseHandler {
 public:
  Printer(lb::io::PosixLoop* loop, absl::Status* result)
      : loop_(loop), result_(result) {}

  void OnHead(int status, absl::Span<const lb::http::Header>) override {
    fmt::print(stderr, "{}\n", status);
  }
  void OnBody(std::string_view bytes) override { fmt::print("{}", bytes); }
  void OnEnd(const absl::Status& status) override {
    *result_ = status;
    loop_->Stop();
  }

 private:
  lb::io::PosixLoop* const loop_;
  absl::Status* const result_;
};

absl::Status Run(std::string url, const std::string& ca_path) {
  const bool is_clear = url.starts_with("http://");
  url.erase(0, is_clear ? 7 : 8);
  const size_t slash = std::min(url.find('/'), url.size());
  std::ifstream ca_file(ca_path);  // Without one: the host's authorities.
  const std::string ca{std::istreambuf_iterator<char>(ca_file), {}};
  LB_ASSIGN_OR_RETURN(
      const auto server,
      lb::net::ParseHostPort(url.substr(0, slash), is_clear ? 80 : 443));
  lb::io::PosixLoop loop;
  lb::io::PosixSockets sockets(&loop);
  lb::io::ThreadResolver resolver(&loop);
  LB_ASSIGN_OR_RETURN(
      const auto client,
      lb::http::Http2Client::Make(
          {.loop = &loop, .stream_factory = &sockets, .resolver = &resolver},
          {.server = server,
           .security = is_clear ? lb::http::Security::kClearText
                                : lb::http::Security::kTls,
           .credentials = {.ca_pem = ca}}));
  absl::Status result;
  client->Send({.path = slash < url.size() ? url.substr(slash) : "/"},
               std::make_unique<Printer>(&loop, &result));
  loop.Run();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "";
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return fmt::print("http URL [CA]\n"), 2;
  }
  const absl::Status status = Run(url, argc > 2 ? argv[2] : "");
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
