// The commands that change what a node does.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "daemon/lbctl/arguments.h"
#include "daemon/lbctl/command.h"
#include "daemon/lbctl/name_hint.h"
#include "lb/admin/v1/admin.grpc.pb.h"
#include "lb/config/text_file.h"
#include "lb/net/ip_address.h"

namespace lb::lbctl {
namespace {

using Stub = admin::v1::Admin::Stub;
using admin::v1::RotateGossipKeyRequest;

constexpr size_t kSecretSizeMax = 4096;

// `what` is "namespace/name", or an address.
ExitStatus Release(const Session& session, const std::string& what) {
  absl::Status usage =
      CheckNotEmpty("WHAT", what, "an address or namespace/name");
  usage.Update(CheckAddressOrService(what));
  if (!usage.ok()) return session.Fail(usage);
  admin::v1::ReleaseAddressRequest request;
  if (net::ParseIpAddress(what).ok()) {
    request.set_address(what);
    return session.Ask(&Stub::ReleaseAddress, request);
  }
  request.set_service(what);
  return session.Ask(&Stub::ReleaseAddress, request, HintOfService(what));
}

void AddRelease(CLI::App* app, Command* chosen) {
  const auto what = std::make_shared<std::string>();
  AddCommand(app, chosen, "release",
             "Free an address that no manifest or pool gives any more",
             [=](const Session& session) { return Release(session, *what); })
      ->add_option("WHAT", *what,
                   "An address, or namespace/name for all that a service holds")
      ->required();
}

void AddLogLevel(CLI::App* app, Command* chosen) {
  const auto level = std::make_shared<std::string>();
  AddCommand(app, chosen, "log-level", "Set what lbd logs, until its restart",
             [=](const Session& session) {
               const absl::Status usage = CheckLogLevel(*level);
               if (!usage.ok()) return session.Fail(usage);
               admin::v1::SetLogLevelRequest request;
               request.set_level(*level);
               return session.Ask(&Stub::SetLogLevel, request);
             })
      ->add_option("LEVEL", *level, "debug, info, warning or error")
      ->required();
}

struct RotateKeyArguments {
  std::string step;  // "add", "use" or "remove".
  std::string secret_file;
  std::string derivation;
};

ExitStatus RotateKey(const Session& session,
                     const RotateKeyArguments& arguments) {
  const std::string& file = arguments.secret_file;
  const auto secret = config::ReadTextFile(file, kSecretSizeMax);
  if (!secret.ok()) {
    return session.Fail(absl::InvalidArgumentError(
        fmt::format("--secret-file: {}: {}", file,
                    std::string(secret.status().message()))));
  }
  if (secret->empty()) {
    return session.Fail(absl::InvalidArgumentError(fmt::format(
        "--secret-file: {}: empty, want 1 to {} bytes", file, kSecretSizeMax)));
  }
  RotateGossipKeyRequest request;
  request.set_secret(*secret);
  request.set_step(arguments.step == "add"   ? RotateGossipKeyRequest::ADD
                   : arguments.step == "use" ? RotateGossipKeyRequest::USE
                                             : RotateGossipKeyRequest::REMOVE);
  if (!arguments.derivation.empty()) {
    request.set_derivation(arguments.derivation == "sha256"
                               ? RotateGossipKeyRequest::SHA256
                               : RotateGossipKeyRequest::LEGACY);
  }
  return session.Ask(&Stub::RotateGossipKey, request);
}

void AddRotateKey(CLI::App* app, Command* chosen) {
  const auto arguments = std::make_shared<RotateKeyArguments>();
  CLI::App* const command = AddCommand(
      app, chosen, "rotate-key",
      "Change the gossip's key: add on all nodes, use on all, remove on all",
      [=](const Session& session) { return RotateKey(session, *arguments); });
  command->add_option("STEP", arguments->step, "add, use or remove")
      ->required()
      ->check(CLI::IsMember({"add", "use", "remove"}));
  command
      ->add_option("--secret-file", arguments->secret_file,
                   "File with the secret to add, use or remove")
      ->required();
  command
      ->add_option("--derivation", arguments->derivation,
                   "With use: sha256 or legacy; default: as lbd's "
                   "gossip-key-derivation")
      ->check(CLI::IsMember({"sha256", "legacy"}));
}

}  // namespace

void AddChanges(CLI::App* app, Command* chosen) {
  AddCommand(app, chosen, "drain", "Hand this node's announcements over",
             [](const Session& session) { return session.Ask(&Stub::Drain); });
  AddCommand(
      app, chosen, "undrain", "Let it announce again",
      [](const Session& session) { return session.Ask(&Stub::Undrain); });
  AddCommand(app, chosen, "reload", "Read the manifests again",
             [](const Session& session) { return session.Ask(&Stub::Reload); });
  AddRelease(app, chosen);
  AddLogLevel(app, chosen);
  AddRotateKey(app, chosen);
}

}  // namespace lb::lbctl
