#include "daemon/status_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "lb/base/status_macros.h"
#include "lb/net/endpoint.h"

namespace lb {
namespace {

constexpr std::string_view kUnix = "unix:";

// Does a process listen at the socket? gRPC would take its path away from it.
bool IsServed(const std::string& path) {
  sockaddr_un address = {.sun_family = AF_UNIX};
  if (path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int socket_fd =
      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_fd < 0) return false;
  const bool connected =
      connect(socket_fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0 ||
      errno == EAGAIN;  // It has callers enough.
  close(socket_fd);
  return connected;
}

absl::Status CheckListen(const std::string& listen) {
  if (listen.starts_with(kUnix)) {
    const std::filesystem::path path = listen.substr(kUnix.size());
    if (!path.has_filename()) {
      return absl::InvalidArgumentError(
          fmt::format("status-listen: \"{}\": want unix:/path", listen));
    }
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      return absl::UnavailableError(fmt::format("status-listen: {}: {}",
                                                path.parent_path().string(),
                                                error.message()));
    }
    if (IsServed(path)) {
      return absl::UnavailableError(fmt::format(
          "status-listen: {}: another process answers there", path.string()));
    }
    return absl::OkStatus();
  }
  const auto endpoint = net::ParseEndpoint(listen, 0);
  if (!endpoint.ok() || !endpoint->address.is_loopback() ||
      endpoint->port == 0) {
    return absl::InvalidArgumentError(
        fmt::format("status-listen: \"{}\": want unix:/path or a loopback "
                    "address with a port",
                    listen));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<StatusServer>> StatusServer::Start(
    const std::string& listen, grpc::Service* service) {
  LB_RETURN_IF_ERROR(CheckListen(listen));
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  // Else a second daemon could listen at the same port unnoticed.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(service);
  // The socket is for its owner and group from the first moment on.
  const mode_t previous_mask = umask(0117);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  umask(previous_mask);
  if (server == nullptr || port == 0) {
    return absl::UnavailableError(fmt::format(
        "status-listen: cannot listen on {} (in use, or not permitted)",
        listen));
  }
  return std::unique_ptr<StatusServer>(new StatusServer(std::move(server)));
}

void StatusServer::Shutdown() {
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
}

}  // namespace lb
