#include "daemon/lbctl/session.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/time/clock.h"
#include "daemon/lbctl/unix_socket.h"
#include "lb/config/printable.h"

namespace lb::lbctl {

absl::Time Session::Now() const { return absl::Now(); }

ExitStatus Session::Write(const std::string& text) const {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) {
    return kAnswered;
  }
  Tell(fmt::format("standard output: {}", std::strerror(errno)));
  return kNoAnswer;
}

void Session::Tell(const std::string& line) const {
  fmt::print(stderr, "lbctl: {}\n", line);
}

ExitStatus Session::Fail(const grpc::Status& status,
                         const std::string& hint) const {
  const std::string_view server = server_.server;
  const std::string why =
      status.error_code() == grpc::StatusCode::UNAVAILABLE &&
              server.starts_with(kUnixPrefix)
          ? WhyNotConnected(std::string(server.substr(kUnixPrefix.size())))
          : "";
  Tell(fmt::format("{}: {}", server,
                   why.empty() ? Cause(status, server_) : why));
  const std::string advice = !hint.empty() ? config::Printable(hint)
                             : why.empty() ? Advice(status, server_)
                                           : "";
  if (!advice.empty()) Tell(advice);
  return ExitStatusOf(status.error_code());
}

ExitStatus Session::Fail(const absl::Status& status,
                         ExitStatus exit_status) const {
  Tell(std::string(status.message()));
  return exit_status;
}

}  // namespace lb::lbctl
