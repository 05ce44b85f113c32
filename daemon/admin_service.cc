#include "daemon/admin_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/loop_call.h"
#include "daemon/status_view/address_field.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/gossip/wire/keyring.h"

namespace lb {
namespace {

using admin::v1::RotateGossipKeyRequest;
using gossip::wire::KeyDerivation;

constexpr size_t kSecretSizeMax = 4096;
constexpr size_t kSecretsMax = 8;
constexpr size_t kTextShownMax = 64;
constexpr size_t kProblemsMax = 1000;  // As admin.proto says.
constexpr size_t kNamesMax = 1000;     // The same.

void Fill(const std::vector<std::string>& names,
          admin::v1::ObjectNames* response) {
  const size_t count = std::min(names.size(), kNamesMax);
  for (size_t i = 0; i < count; ++i) {
    response->add_names(config::Printable(names[i]));
  }
  response->set_omitted(static_cast<uint32_t>(names.size() - count));
}

// The deprecated field is for clients that know only the former name.
void FillResolved(const std::vector<std::string>& names,
                  admin::v1::ReloadResponse* response) {
  Fill(names, response->mutable_resolved());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  Fill(names, response->mutable_mended());
#pragma GCC diagnostic pop
}

admin::v1::ReloadResponse Summarize(const ManifestReading& reading) {
  const config::Desired& desired = *reading.desired;
  admin::v1::ReloadResponse response;
  Fill(reading.changes.added, response.mutable_added());
  Fill(reading.changes.changed, response.mutable_changed());
  Fill(reading.changes.removed, response.mutable_removed());
  Fill(reading.changes.refused, response.mutable_refused());
  FillResolved(reading.changes.resolved, &response);
  response.set_pools(desired.pools.size());
  response.set_advertisements(desired.advertisements.size());
  response.set_services(desired.services.size());
  const size_t count = std::min(desired.problems.size(), kProblemsMax);
  for (size_t i = 0; i < count; ++i) {
    response.add_problems(desired.problems[i].ToString());
  }
  for (const config::Problem& notice : reading.difference.new_notices) {
    if (response.notices_size() == static_cast<int>(kProblemsMax)) break;
    response.add_notices(notice.ToString());
  }
  response.set_counts(config::CountsText(desired));
  return response;
}

absl::StatusOr<LogLevel> ParseLogLevel(const std::string& text) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo,
                               LogLevel::kWarning, LogLevel::kError}) {
    if (ToString(level) == text) return level;
  }
  return absl::InvalidArgumentError(
      fmt::format("level: \"{}\", want debug, info, warning or error",
                  config::Printable(text, kTextShownMax)));
}

absl::StatusOr<ipam::ReplicatedAllocator::ReleaseTarget> ParseTarget(
    const admin::v1::ReleaseAddressRequest& request) {
  if (request.address().empty() == request.service().empty()) {
    return absl::InvalidArgumentError(
        "address, service: want exactly one of the two");
  }
  ipam::ReplicatedAllocator::ReleaseTarget target = {.service =
                                                         request.service()};
  LB_ASSIGN_OR_RETURN(target.address, ReadAddressField(request.address()));
  return target;
}

absl::StatusOr<KeyDerivation> DerivationOf(
    const RotateGossipKeyRequest& request, KeyDerivation by_default) {
  switch (request.derivation()) {
    case RotateGossipKeyRequest::DERIVATION_UNSPECIFIED:
      return by_default;
    case RotateGossipKeyRequest::SHA256:
      return KeyDerivation::kSha256;
    case RotateGossipKeyRequest::LEGACY:
      return KeyDerivation::kLegacy;
    default:
      return absl::InvalidArgumentError(
          fmt::format("derivation: {}, want SHA256 or LEGACY",
                      fmt::underlying(request.derivation())));
  }
}

absl::Status Apply(const RotateGossipKeyRequest& request,
                   KeyDerivation derivation, gossip::wire::Keyring& keyring) {
  const bool known = keyring.HasSecret(request.secret());
  if (request.step() == RotateGossipKeyRequest::ADD) {
    if (known || keyring.secret_count() < kSecretsMax) {
      return keyring.AddSecret(request.secret(), derivation);
    }
    return absl::ResourceExhaustedError(fmt::format(
        "secret: {} secrets are in use, want an old one removed", kSecretsMax));
  }
  if (!known) {
    return absl::NotFoundError("secret: not in use here, want it added first");
  }
  return request.step() == RotateGossipKeyRequest::USE
             ? keyring.UseSecret(request.secret(), derivation)
             : keyring.RemoveSecret(request.secret());
}

}  // namespace

grpc::ServerUnaryReactor* AdminService::Drain(
    grpc::CallbackServerContext* context, const admin::v1::DrainRequest*,
    admin::v1::DrainResponse* response) {
  using Answer = absl::StatusOr<admin::v1::DrainResponse>;
  return AnswerOnLoop(calls_, context, response, {[this]() -> Answer {
                        LB_RETURN_IF_ERROR(agent_->Drain());
                        return admin::v1::DrainResponse();
                      }});
}

grpc::ServerUnaryReactor* AdminService::Undrain(
    grpc::CallbackServerContext* context, const admin::v1::UndrainRequest*,
    admin::v1::UndrainResponse* response) {
  using Answer = absl::StatusOr<admin::v1::UndrainResponse>;
  return AnswerOnLoop(calls_, context, response, {[this]() -> Answer {
                        LB_RETURN_IF_ERROR(agent_->Undrain());
                        return admin::v1::UndrainResponse();
                      }});
}

grpc::ServerUnaryReactor* AdminService::Reload(
    grpc::CallbackServerContext* context, const admin::v1::ReloadRequest*,
    admin::v1::ReloadResponse* response) {
  return RunOnLoop(calls_, context, [this, response](auto* reactor) {
    actions_.reload([reactor, response](const auto& reading) {
      if (reading.ok()) *response = Summarize(*reading);
      reactor->Finish(ToGrpc(reading.status()));
    });
  });
}

grpc::ServerUnaryReactor* AdminService::ReleaseAddress(
    grpc::CallbackServerContext* context,
    const admin::v1::ReleaseAddressRequest* request,
    admin::v1::ReleaseAddressResponse* response) {
  return RunOnLoop(calls_, context, [this, request, response](auto* reactor) {
    const auto target = ParseTarget(*request);
    if (!target.ok()) return reactor->Finish(ToGrpc(target.status()));
    const auto released =
        agent_->Release(*target, [reactor](const absl::Status& saved) {
          reactor->Finish(ToGrpc(saved));
        });
    if (!released.ok()) return reactor->Finish(ToGrpc(released.status()));
    for (const auto& one : *released) {
      auto* const described = response->add_released();
      described->set_service(config::Printable(one.service));
      described->set_address(one.address.ToString());
    }
  });
}

grpc::ServerUnaryReactor* AdminService::RotateGossipKey(
    grpc::CallbackServerContext* context,
    const admin::v1::RotateGossipKeyRequest* request,
    admin::v1::RotateGossipKeyResponse* response) {
  return AnswerOnLoop(calls_, context, response,
                      {[this, request] { return Rotate(*request); }});
}

absl::StatusOr<admin::v1::RotateGossipKeyResponse> AdminService::Rotate(
    const RotateGossipKeyRequest& request) {
  const auto step = request.step();
  if (step != RotateGossipKeyRequest::ADD &&
      step != RotateGossipKeyRequest::USE &&
      step != RotateGossipKeyRequest::REMOVE) {
    return absl::InvalidArgumentError(fmt::format(
        "step: {}, want ADD, USE or REMOVE", fmt::underlying(step)));
  }
  if (request.secret().empty() || request.secret().size() > kSecretSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("secret: {} bytes, want 1 to {}", request.secret().size(),
                    kSecretSizeMax));
  }
  gossip::wire::Keyring& keyring = agent_->gossip_keyring();
  if (keyring.empty()) {
    return absl::FailedPreconditionError(
        "gossip is in the clear, want gossip-secret-file on all nodes first");
  }
  LB_ASSIGN_OR_RETURN(
      const KeyDerivation derivation,
      DerivationOf(request, agent_->View().options.key_derivation));
  LB_RETURN_IF_ERROR(Apply(request, derivation, keyring));
  admin::v1::RotateGossipKeyResponse response;
  response.set_keys(keyring.secret_count());
  Record("GossipKeyRotated",
         fmt::format("{}, {} secrets decrypt now",
                     RotateGossipKeyRequest::Step_Name(step), response.keys()));
  return response;
}

grpc::ServerUnaryReactor* AdminService::SetLogLevel(
    grpc::CallbackServerContext* context,
    const admin::v1::SetLogLevelRequest* request,
    admin::v1::SetLogLevelResponse* response) {
  using Answer = absl::StatusOr<admin::v1::SetLogLevelResponse>;
  return AnswerOnLoop(calls_, context, response, {[this, request]() -> Answer {
                        LB_ASSIGN_OR_RETURN(const LogLevel level,
                                            ParseLogLevel(request->level()));
                        // The event comes first, so that the log has it if one
                        // of the two levels passes it.
                        Record("LogLevelChanged", request->level());
                        actions_.set_log_level(level);
                        return admin::v1::SetLogLevelResponse();
                      }});
}

void AdminService::Record(std::string reason, std::string message) {
  log_->Record({.time = calls_->loop()->CivilNow(),
                .type = EventType::kNormal,
                .reason = std::move(reason),
                .object = {EventObject::kNode, agent_->View().options.node},
                .message = std::move(message)});
}

}  // namespace lb
