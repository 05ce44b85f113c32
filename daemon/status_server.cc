#include "daemon/status_server.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <chrono>
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
    return absl::OkStatus();
  }
  LB_ASSIGN_OR_RETURN(const net::Endpoint endpoint,
                      net::ParseEndpoint(listen, 0));
  if (!endpoint.address.is_loopback() || endpoint.port == 0) {
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
