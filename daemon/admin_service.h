// AdminService: lb.admin.v1.Admin over gRPC; what it does runs on the loop's
// thread. Each call that changes something is an event.
#ifndef LB_DAEMON_ADMIN_SERVICE_H_
#define LB_DAEMON_ADMIN_SERVICE_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/agent/agent.h"
#include "daemon/loop_calls.h"
#include "daemon/manifest_reader.h"
#include "daemon/options/options.h"
#include "grpcpp/grpcpp.h"
#include "lb/admin/v1/admin.grpc.pb.h"
#include "lb/base/event_log.h"

namespace lb {

class AdminService final : public admin::v1::Admin::CallbackService {
 public:
  // Actions that only the daemon can take. They are called on the loop's
  // thread.
  struct Actions {
    // Reads the manifests and gives them to the agent. Calls `done` with what
    // they changed, on a later turn of the loop or at once.
    std::function<void(ManifestReader::Done done)> reload;
    std::function<void(LogLevel)> set_log_level;
  };

  // All outlive the service; the loop runs until the servers have shut down.
  AdminService(LoopCalls* calls, Agent* agent, EventLog* log, Actions actions)
      : calls_(calls), agent_(agent), log_(log), actions_(std::move(actions)) {}

 private:
  grpc::ServerUnaryReactor* Drain(grpc::CallbackServerContext* context,
                                  const admin::v1::DrainRequest* request,
                                  admin::v1::DrainResponse* response) override;
  grpc::ServerUnaryReactor* Undrain(
      grpc::CallbackServerContext* context,
      const admin::v1::UndrainRequest* request,
      admin::v1::UndrainResponse* response) override;
  grpc::ServerUnaryReactor* Reload(
      grpc::CallbackServerContext* context,
      const admin::v1::ReloadRequest* request,
      admin::v1::ReloadResponse* response) override;
  grpc::ServerUnaryReactor* ReleaseAddress(
      grpc::CallbackServerContext* context,
      const admin::v1::ReleaseAddressRequest* request,
      admin::v1::ReleaseAddressResponse* response) override;
  grpc::ServerUnaryReactor* RotateGossipKey(
      grpc::CallbackServerContext* context,
      const admin::v1::RotateGossipKeyRequest* request,
      admin::v1::RotateGossipKeyResponse* response) override;
  grpc::ServerUnaryReactor* SetLogLevel(
      grpc::CallbackServerContext* context,
      const admin::v1::SetLogLevelRequest* request,
      admin::v1::SetLogLevelResponse* response) override;

  absl::StatusOr<admin::v1::RotateGossipKeyResponse> Rotate(
      const admin::v1::RotateGossipKeyRequest& request);
  void Record(std::string reason, std::string message);

  LoopCalls* calls_;
  Agent* agent_;
  EventLog* log_;
  Actions actions_;
};

}  // namespace lb

#endif  // LB_DAEMON_ADMIN_SERVICE_H_
