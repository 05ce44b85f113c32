#include "daemon/status_server.h"

#include <fmt/format.h>
#include <grp.h>
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
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/front/listening_socket.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "lb/base/status_macros.h"
#include "lb/net/endpoint.h"

namespace lb {
namespace {

constexpr std::string_view kUnix = "unix:";
// gRPC's defaults have no bound. These bound one connection (calls at a time,
// bytes of headers) and one request.
constexpr int kStreamsMax = 100;
constexpr int kHeaderBytesMax = 8 << 10;
constexpr int kRequestBytesMax = 1 << 20;
// For TCP: a caller whose certificate was withdrawn does not stay for good.
constexpr absl::Duration kIdleMax = absl::Minutes(5);
constexpr absl::Duration kAgeMax = absl::Hours(1);
constexpr absl::Duration kAgeGrace = absl::Seconds(10);
// The front ends a connection that gRPC has not ended by then, because the
// caller does not read.
constexpr absl::Duration kAgeLimit = absl::Minutes(61);
// The callers of one listener leave descriptors for those of the others. A
// connection takes three, and callers of a unix socket are on this host.
constexpr int kUnixConnectionsMax = 128;
constexpr int kTcpConnectionsMax = 64;

// True if a process listens at the socket. gRPC would take the path from it.
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

// Makes the socket's folder.
absl::Status PrepareSocket(const std::string& listen) {
  const std::filesystem::path path = listen.substr(kUnix.size());
  if (!path.has_filename()) {
    return absl::InvalidArgumentError(
        fmt::format("status-listen: \"{}\": want unix:/path", listen));
  }
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return absl::UnavailableError(fmt::format(
        "status-listen: {}: {}", path.parent_path().string(), error.message()));
  }
  if (IsServed(path)) {
    return absl::UnavailableError(fmt::format(
        "status-listen: {}: another process answers there", path.string()));
  }
  return absl::OkStatus();
}

void SetBounds(bool is_unix, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kRequestBytesMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kHeaderBytesMax);
  // With it gRPC would let callers send larger frames than the front takes.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  if (is_unix) return;
  const auto set = [&](const char* name, absl::Duration value) {
    builder.AddChannelArgument(
        name, static_cast<int>(absl::ToInt64Milliseconds(value)));
  };
  set(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMax);
  set(GRPC_ARG_MAX_CONNECTION_AGE_MS, kAgeMax);
  set(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kAgeGrace);
}

absl::Status CheckTcp(const ListenerOptions& options) {
  const auto endpoint = net::ParseEndpoint(options.listen, 0);
  if (!endpoint.ok() || endpoint->port == 0) {
    return absl::InvalidArgumentError(
        fmt::format("status-listen: \"{}\": want unix:/path or an address "
                    "with a port",
                    options.listen));
  }
  if (!options.tls.cert.empty() || endpoint->address.is_loopback()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("status-listen: \"{}\": want TLS, or a loopback address",
                  options.listen));
}

front::Access AccessOf(const ListenerOptions& options, bool is_unix) {
  if (is_unix) return {.right = front::Right::kStatusAndAdmin};
  if (options.tls.cert.empty()) return {.right = front::Right::kStatus};
  return options.tls_access;
}

// Gives the socket to the group; until then it was its owner's alone.
absl::Status OpenToGroup(const std::string& path, const group& group) {
  if (chown(path.c_str(), -1, group.gr_gid) == 0 &&
      chmod(path.c_str(), 0660) == 0) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      fmt::format("status-group: {}: {} cannot be given to it: {}",
                  group.gr_name, path, std::strerror(errno)));
}

// The socket is for its owner and group from the first moment on.
absl::StatusOr<std::unique_ptr<front::ListeningSocket>> Listen(
    const ListenerOptions& options, const group* owners) {
  const mode_t previous_mask = umask(owners == nullptr ? 0117 : 0177);
  auto socket = front::ListeningSocket::Open(options.listen);
  umask(previous_mask);
  if (!socket.ok() || owners == nullptr) return socket;
  LB_RETURN_IF_ERROR(OpenToGroup(options.listen.substr(kUnix.size()), *owners));
  return socket;
}

}  // namespace

absl::Status CheckTlsFiles(const front::TlsFiles& files) {
  if (files.cert.empty()) return absl::OkStatus();
  for (const std::string& path : {files.cert, files.key, files.client_ca}) {
    if (!path.empty() && access(path.c_str(), R_OK) != 0 && errno == EACCES) {
      return absl::OkStatus();
    }
  }
  return front::ReadTlsFiles(files, absl::Now()).status();
}

absl::Status CheckStatusGroup(const std::string& group) {
  if (group.empty() || getgrnam(group.c_str()) != nullptr) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      fmt::format("status-group: \"{}\": no such group on this host", group));
}

class StatusServer::Served {
 public:
  static absl::StatusOr<std::unique_ptr<Served>> Start(
      bool is_unix, const std::vector<grpc::Service*>& services) {
    grpc::ServerBuilder builder;
    SetBounds(is_unix, builder);
    using Door = grpc::ServerBuilder::experimental_type;
    auto served = std::make_unique<Served>();
    served->door_ = builder.experimental().AddExternalConnectionAcceptor(
        Door::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    for (grpc::Service* service : services) builder.RegisterService(service);
    served->server_ = builder.BuildAndStart();
    if (served->server_ != nullptr) return served;
    return absl::UnavailableError("status-listen: gRPC does not start");
  }

  void Take(int descriptor) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
        connection;
    connection.fd = descriptor;
    door_->HandleNewConnection(&connection);
  }

  void Shutdown(std::chrono::system_clock::time_point deadline) {
    server_->Shutdown(deadline);
  }

 private:
  std::unique_ptr<grpc::Server> server_;
  // The server serves the connections that come through it.
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> door_;
};

absl::StatusOr<std::unique_ptr<StatusServer>> StatusServer::Start(
    const ListenerOptions& options, grpc::Service* status,
    grpc::Service* admin) {
  const bool is_unix = options.listen.starts_with(kUnix);
  LB_RETURN_IF_ERROR(is_unix ? PrepareSocket(options.listen)
                             : CheckTcp(options));
  const group* owners = nullptr;
  if (is_unix && !options.group.empty()) {
    LB_RETURN_IF_ERROR(CheckStatusGroup(options.group));
    owners = getgrnam(options.group.c_str());
  }
  std::unique_ptr<StatusServer> server(
      new StatusServer(is_unix ? front::TlsFiles() : options.tls));
  std::shared_ptr<const front::TlsSetup> tls;
  if (!server->tls_files_.cert.empty()) {
    LB_ASSIGN_OR_RETURN(tls,
                        front::ReadTlsFiles(server->tls_files_, absl::Now()));
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  using front::Right;
  front::Access access = AccessOf(options, is_unix);
  if (admin == nullptr) access.right = Right::kStatus;
  if (access.right == Right::kStatusAndAdmin) {
    LB_ASSIGN_OR_RETURN(server->served_[Right::kStatusAndAdmin],
                        Served::Start(is_unix, {status, admin}));
  }
  if (access.right == Right::kStatus || !access.admins.empty()) {
    LB_ASSIGN_OR_RETURN(server->served_[Right::kStatus],
                        Served::Start(is_unix, {status}));
  }
  LB_ASSIGN_OR_RETURN(auto socket, Listen(options, owners));
  server->front_ = std::make_unique<front::Front>(
      std::move(socket), std::move(tls),
      front::FrontOptions{
          .access = std::move(access),
          .connections_max = is_unix ? kUnixConnectionsMax : kTcpConnectionsMax,
          .age_max = is_unix ? absl::InfiniteDuration() : kAgeLimit},
      front::Front::Handlers{
          .serve = [served = &server->served_](
                       Right right,
                       int descriptor) { served->at(right)->Take(descriptor); },
          .on_refused =
              [listen = options.listen,
               tell = options.on_refused](const std::string& what) {
                tell(fmt::format("{}: {}", listen, what));
              }});
  server->front_->Start();
  return server;
}

StatusServer::StatusServer(front::TlsFiles tls_files)
    : tls_files_(std::move(tls_files)) {}

StatusServer::~StatusServer() = default;

absl::Status StatusServer::ReadTlsFiles() {
  if (tls_files_.cert.empty()) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(auto tls, front::ReadTlsFiles(tls_files_, absl::Now()));
  front_->SetTls(std::move(tls));
  return absl::OkStatus();
}

void StatusServer::Shutdown() {
  front_->StopListening();
  const auto deadline =
      std::chrono::system_clock::now() + std::chrono::seconds(1);
  for (const auto& [right, served] : served_) served->Shutdown(deadline);
  front_.reset();
}

}  // namespace lb
