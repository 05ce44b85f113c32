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

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "lb/base/status_macros.h"
#include "lb/net/endpoint.h"

namespace lb {
namespace {

constexpr std::string_view kUnix = "unix:";
// How often gRPC looks for new copies of the TLS files; the least that it can.
constexpr unsigned kTlsRefreshSeconds = 1;
// gRPC's defaults know no bound. Of one connection: calls at one time, bytes of
// headers; of a request.
constexpr int kStreamsMax = 100;
constexpr int kHeaderBytesMax = 8 << 10;
constexpr int kRequestBytesMax = 1 << 20;
// TCP: whose certificate was withdrawn does not stay for good.
constexpr absl::Duration kIdleMax = absl::Minutes(5);
constexpr absl::Duration kAgeMax = absl::Hours(1);
constexpr absl::Duration kAgeGrace = absl::Seconds(10);

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

std::shared_ptr<grpc::ServerCredentials> CredentialsOf(
    const KeptTlsFiles* kept) {
  if (kept == nullptr) return grpc::InsecureServerCredentials();
  const TlsFiles& files = kept->copies();
  grpc::experimental::TlsServerCredentialsOptions tls(
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
          files.key, files.cert, files.client_ca, kTlsRefreshSeconds));
  tls.watch_identity_key_cert_pairs();
  if (!files.client_ca.empty()) {
    tls.watch_root_certs();
    tls.set_cert_request_type(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(tls);
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

}  // namespace

absl::Status CheckStatusGroup(const std::string& group) {
  if (group.empty() || getgrnam(group.c_str()) != nullptr) {
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      fmt::format("status-group: \"{}\": no such group on this host", group));
}

absl::StatusOr<std::unique_ptr<StatusServer>> StatusServer::Start(
    const ListenerOptions& options,
    const std::vector<grpc::Service*>& services) {
  const bool is_unix = options.listen.starts_with(kUnix);
  LB_RETURN_IF_ERROR(is_unix ? PrepareSocket(options.listen)
                             : CheckTcp(options));
  const group* owners = nullptr;
  if (is_unix && !options.group.empty()) {
    LB_RETURN_IF_ERROR(CheckStatusGroup(options.group));
    owners = getgrnam(options.group.c_str());
  }
  std::unique_ptr<KeptTlsFiles> tls;
  if (!is_unix && !options.tls.cert.empty()) {
    LB_ASSIGN_OR_RETURN(tls, KeptTlsFiles::Create(options.tls, absl::Now()));
  }
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetBounds(is_unix, builder);
  using Door = grpc::ServerBuilder::experimental_type;
  auto door = builder.experimental().AddExternalConnectionAcceptor(
      Door::ExternalConnectionType::FROM_FD, CredentialsOf(tls.get()));
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) {
    return absl::UnavailableError(
        fmt::format("status-listen: {}: gRPC does not start", options.listen));
  }
  // The socket is for its owner and group from the first moment on.
  const mode_t previous_mask = umask(owners == nullptr ? 0117 : 0177);
  auto acceptor = ConnectionAcceptor::Listen(options.listen);
  umask(previous_mask);
  LB_RETURN_IF_ERROR(acceptor.status());
  if (owners != nullptr) {
    LB_RETURN_IF_ERROR(
        OpenToGroup(options.listen.substr(kUnix.size()), *owners));
  }
  return std::unique_ptr<StatusServer>(
      new StatusServer(std::move(tls), std::move(server), std::move(door),
                       *std::move(acceptor)));
}

StatusServer::StatusServer(
    std::unique_ptr<KeptTlsFiles> tls, std::unique_ptr<grpc::Server> server,
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> door,
    std::unique_ptr<ConnectionAcceptor> acceptor)
    : tls_(std::move(tls)),
      server_(std::move(server)),
      door_(std::move(door)),
      acceptor_(std::move(acceptor)) {
  acceptor_->Start([this](int descriptor) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
        connection;
    connection.fd = descriptor;
    door_->HandleNewConnection(&connection);
  });
}

absl::Status StatusServer::ReadTlsFiles() {
  return tls_ == nullptr ? absl::OkStatus() : tls_->Read(absl::Now());
}

void StatusServer::Shutdown() {
  acceptor_.reset();
  server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
}

}  // namespace lb
