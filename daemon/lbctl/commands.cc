#include "daemon/lbctl/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "daemon/lbctl/arguments.h"
#include "daemon/lbctl/doctor.h"
#include "daemon/lbctl/format.h"
#include "daemon/lbctl/host_facts.h"
#include "daemon/lbctl/name_hint.h"
#include "daemon/lbctl/new_secret.h"
#include "daemon/lbctl/server_address.h"
#include "daemon/lbctl/suggestion.h"
#include "daemon/lbctl/terminal.h"
#include "daemon/lbctl/unix_socket.h"
#include "lb/base/status_text.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/options.h"
#include "lb/config/printable.h"
#include "lb/config/text_file.h"
#include "lb/net/ip_address.h"

namespace lb::lbctl {
namespace {

using Stub = status::v1::Status::Stub;
using AdminStub = admin::v1::Admin::Stub;
using admin::v1::RotateGossipKeyRequest;

constexpr size_t kSecretSizeMax = 4096;
constexpr char kOptionsFile[] = "/etc/lbd/lbd.yaml";

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp proto;
  proto.set_seconds(absl::ToUnixSeconds(time));
  return proto;
}

bool IsFiltered(const status::v1::ListServicesRequest& request) {
  return !request.service_namespace().empty() || !request.pool().empty() ||
         !request.node().empty() || !request.address().empty();
}

}  // namespace

std::string Advice(const grpc::Status& status, const std::string& server) {
  const bool is_unix = server.starts_with("unix:");
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return is_unix ? "is lbd running here, and may you open its socket? "
                       "--server names another"
                     : "is lbd running there, and does it want TLS? --tls-ca "
                       "FILE, and --tls-cert and --tls-key if it asks who you "
                       "are";
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return "--timeout SECONDS gives it longer";
    case grpc::StatusCode::UNIMPLEMENTED:
      return "this listener does not offer it; admin calls are for the unix "
             "socket, or for TLS with --admin-over-tls, and some need a newer "
             "lbd";
    case grpc::StatusCode::NOT_FOUND:
      return "`lbctl services`, `lbctl pools` and `lbctl members` list what "
             "there is";
    default:
      return "";
  }
}

ExitStatus Commands::Fail(const grpc::Status& status,
                          const std::string& hint) const {
  const std::string_view server = server_.server;
  const std::string why =
      status.error_code() == grpc::StatusCode::UNAVAILABLE &&
              server.starts_with(kUnixPrefix)
          ? WhyNotConnected(std::string(server.substr(kUnixPrefix.size())))
          : "";
  fmt::print(stderr, "lbctl: {}: {}\n", server_.server,
             why.empty() ? config::Printable(status.error_message()) : why);
  const std::string advice = !hint.empty() ? hint
                             : why.empty() ? Advice(status, server_.server)
                                           : "";
  if (!advice.empty()) fmt::print(stderr, "lbctl: {}\n", advice);
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::UNIMPLEMENTED:
      return kRefused;
    default:
      return kNoAnswer;
  }
}

ExitStatus Commands::Fail(const absl::Status& status) const {
  fmt::print(stderr, "lbctl: {}\n", status.message());
  return kWrongUsage;
}

template <typename Message>
ExitStatus Commands::Print(const Message& message) const {
  // One event a line, so that a reader can follow; else for people's eyes.
  constexpr auto kLayout = std::is_same_v<Message, status::v1::Event>
                               ? Layout::kOneLine
                               : Layout::kIndented;
  return Write(output_ == Output::kJson   ? ToJson(message, kLayout)
               : output_ == Output::kYaml ? ToYaml(message)
                                          : Render(message, style_));
}

ExitStatus Commands::Write(const std::string& text) const {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) {
    return kAnswered;
  }
  fmt::print(stderr, "lbctl: standard output: {}\n", std::strerror(errno));
  return kNoAnswer;
}

template <typename Response, typename Ask>
ExitStatus Commands::Run(Ask ask, const NameHint& hint) {
  const absl::StatusOr<Client> client = Client::Create(server_);
  if (!client.ok()) return Fail(client.status());
  Response response;
  const grpc::Status status = ask(*client, &response);
  if (!status.ok()) return Fail(status, hint ? hint(*client, status) : "");
  return Print(response);
}

ExitStatus Commands::Status() {
  return Run<status::v1::GetNodeResponse>([](const auto& client, auto* node) {
    return client.Ask(&Stub::GetNode, {}, node);
  });
}

ExitStatus Commands::Services(const status::v1::ListServicesRequest& request) {
  const absl::Status usage = CheckAddress(request.address());
  if (!usage.ok()) return Fail(usage);
  status::v1::ListServicesResponse all;
  const auto client = Client::Create(server_);
  if (!client.ok()) return Fail(client.status());
  const auto status = client->AskAll(&Stub::ListServices, request, &all);
  if (!status.ok()) return Fail(status);
  if (all.services().empty()) {
    grpc::Status known = CheckMember(*client, request.node());
    if (known.ok()) known = CheckPool(*client, request.pool());
    if (!known.ok()) return Fail(known);
  }
  const ExitStatus printed = Print(all);
  if (all.services().empty() && IsForPeople()) {
    fmt::print(stderr, "lbctl: no service{}\n",
               IsFiltered(request) ? " matches" : "");
  }
  return printed;
}

ExitStatus Commands::Pools(const status::v1::ListPoolsRequest& request) {
  status::v1::ListPoolsResponse all;
  const auto client = Client::Create(server_);
  if (!client.ok()) return Fail(client.status());
  const auto status = client->AskAll(&Stub::ListPools, request, &all);
  if (!status.ok()) return Fail(status);
  if (all.pools().empty()) {
    const grpc::Status known = CheckPool(*client, request.pool());
    if (!known.ok()) return Fail(known);
  }
  return Print(all);
}

ExitStatus Commands::Members() {
  return Run<status::v1::ListMembersResponse>(
      [](const auto& client, auto* all) {
        return client.AskAll(&Stub::ListMembers, {}, all);
      });
}

ExitStatus Commands::Interfaces() {
  return Run<status::v1::ListInterfacesResponse>(
      [](const auto& client, auto* all) {
        return client.AskAll(&Stub::ListInterfaces, {}, all);
      });
}

ExitStatus Commands::Problems(const std::vector<std::string>& kinds) {
  status::v1::ListProblemsRequest request;
  for (const std::string& name : kinds) {
    const auto kind = ParseKind(name);
    if (!kind.ok()) return Fail(kind.status());
    request.add_kinds(*kind);
  }
  return Run<status::v1::ListProblemsResponse>(
      [&](const auto& client, auto* response) {
        return client.Ask(&Stub::ListProblems, request, response);
      });
}

ExitStatus Commands::Events(const EventRange& range) {
  status::v1::WatchEventsRequest request;
  request.set_after_sequence(range.after_sequence);
  request.set_follow(range.follow);
  if (!range.since.empty()) {
    const auto since = ParseSince(range.since, absl::Now());
    if (!since.ok()) return Fail(since.status());
    *request.mutable_since() = ToProto(*since);
  }
  const absl::StatusOr<Client> client = Client::Create(server_);
  if (!client.ok()) return Fail(client.status());
  grpc::ClientContext context;
  if (!range.follow) client->SetDeadline(&context);
  const auto reader = client->status().WatchEvents(&context, request);
  status::v1::Event event;
  while (reader->Read(&event)) {
    if (Print(event) == kAnswered) continue;
    context.TryCancel();
    return kNoAnswer;
  }
  const grpc::Status status = reader->Finish();
  return status.ok() ? kAnswered : Fail(status);
}

ExitStatus Commands::History(status::v1::ListAnnouncementsRequest request,
                             const std::string& since) {
  if (!since.empty()) {
    const auto time = ParseSince(since, absl::Now());
    if (!time.ok()) return Fail(time.status());
    *request.mutable_since() = ToProto(*time);
  }
  const absl::Status usage = CheckAddress(request.address());
  if (!usage.ok()) return Fail(usage);
  return Run<status::v1::ListAnnouncementsResponse>(
      [&](const auto& client, auto* all) {
        return client.AskAll(&Stub::ListAnnouncements, request, all);
      });
}

ExitStatus Commands::Explain(const std::string& what) {
  const absl::Status usage = CheckAddressOrService(what);
  if (!usage.ok()) return Fail(usage);
  status::v1::ExplainRequest request;
  request.set_service(what);
  const bool is_address = net::ParseIpAddress(what).ok();
  return Run<status::v1::ExplainResponse>(
      [&](const auto& client, auto* response) {
        if (is_address) {
          std::vector<std::string> holders;
          const grpc::Status found = FindHolders(client, what, &holders);
          if (!found.ok()) return found;
          request.set_service(holders[0]);
          if (holders.size() > 1) {
            fmt::print(stderr, "lbctl: {} is shared by {}; this is {}\n", what,
                       config::Printable(absl::StrJoin(holders, ", ")),
                       config::Printable(holders[0]));
          }
        }
        return client.Ask(&Stub::Explain, request, response);
      },
      is_address ? NameHint() : HintOfService(what));
}

ExitStatus Commands::WhatIf(const std::vector<std::string>& without,
                            const std::vector<std::string>& with) {
  status::v1::WhatIfRequest request;
  for (const std::string& node : without) request.add_without(node);
  for (const std::string& node : with) request.add_with(node);
  return Run<status::v1::WhatIfResponse>(
      [&](const auto& client, auto* response) {
        return client.Ask(&Stub::WhatIf, request, response);
      },
      HintOfNodes(without));
}

ExitStatus Commands::Top(const TopOptions& options) {
  if (!IsForPeople()) {
    return Fail(absl::InvalidArgumentError(
        "top: --output: want table or wide; status, members, pools and "
        "services have the same as JSON and YAML"));
  }
  const absl::StatusOr<Client> client = Client::Create(server_);
  if (!client.ok()) return Fail(client.status());
  Terminal terminal;
  // Nobody could press q: as `top -b -n 1` does.
  const int frames =
      options.frames == 0 && !terminal.IsLive() ? 1 : options.frames;
  for (int frame = 1;; ++frame) {
    TopView view{.now = absl::Now(), .rows = terminal.Rows()};
    grpc::Status status = client->Ask(&Stub::GetNode, {}, &view.node);
    if (status.ok()) {
      status = client->AskAll(&Stub::ListMembers, {}, &view.members);
    }
    if (status.ok()) {
      status = client->AskAll(&Stub::ListPools, {}, &view.pools);
    }
    if (status.ok()) {
      status = client->AskAll(&Stub::ListServices, {}, &view.services);
    }
    if (!status.ok()) return Fail(status);
    terminal.Show(Render(view, style_));
    if (frame == frames ||
        !terminal.WaitForNext(absl::Seconds(options.interval_seconds))) {
      return kAnswered;
    }
  }
}

ExitStatus Commands::Drain() {
  return Run<admin::v1::DrainResponse>([](const auto& client, auto* response) {
    return client.Ask(&AdminStub::Drain, {}, response);
  });
}

ExitStatus Commands::Undrain() {
  return Run<admin::v1::UndrainResponse>(
      [](const auto& client, auto* response) {
        return client.Ask(&AdminStub::Undrain, {}, response);
      });
}

ExitStatus Commands::Reload() {
  return Run<admin::v1::ReloadResponse>([](const auto& client, auto* response) {
    return client.Ask(&AdminStub::Reload, {}, response);
  });
}

ExitStatus Commands::Release(const std::string& what) {
  const absl::Status usage = CheckAddressOrService(what);
  if (!usage.ok()) return Fail(usage);
  const bool is_address = net::ParseIpAddress(what).ok();
  admin::v1::ReleaseAddressRequest request;
  is_address ? request.set_address(what) : request.set_service(what);
  return Run<admin::v1::ReleaseAddressResponse>(
      [&](const auto& client, auto* response) {
        return client.Ask(&AdminStub::ReleaseAddress, request, response);
      },
      is_address ? NameHint() : HintOfService(what));
}

ExitStatus Commands::SetLogLevel(const std::string& level) {
  const absl::Status usage = CheckLogLevel(level);
  if (!usage.ok()) return Fail(usage);
  admin::v1::SetLogLevelRequest request;
  request.set_level(level);
  return Run<admin::v1::SetLogLevelResponse>(
      [&](const auto& client, auto* response) {
        return client.Ask(&AdminStub::SetLogLevel, request, response);
      });
}

ExitStatus Commands::RotateKey(const std::string& step,
                               const std::string& secret_file,
                               const std::string& derivation) {
  RotateGossipKeyRequest request;
  if (derivation == "sha256") {
    request.set_derivation(RotateGossipKeyRequest::SHA256);
  } else if (derivation == "legacy") {
    request.set_derivation(RotateGossipKeyRequest::LEGACY);
  }
  request.set_step(step == "add"   ? RotateGossipKeyRequest::ADD
                   : step == "use" ? RotateGossipKeyRequest::USE
                                   : RotateGossipKeyRequest::REMOVE);
  const auto secret = config::ReadTextFile(secret_file, kSecretSizeMax);
  if (!secret.ok()) {
    return Fail(absl::InvalidArgumentError(fmt::format(
        "--secret-file: {}: {}", secret_file, secret.status().message())));
  }
  if (secret->empty()) {
    return Fail(absl::InvalidArgumentError(
        fmt::format("--secret-file: {}: empty, want 1 to {} bytes", secret_file,
                    kSecretSizeMax)));
  }
  request.set_secret(*secret);
  return Run<admin::v1::RotateGossipKeyResponse>(
      [&](const auto& client, auto* response) {
        return client.Ask(&AdminStub::RotateGossipKey, request, response);
      });
}

ExitStatus Commands::NewSecret(const std::string& file) {
  const std::string secret = DrawSecret();
  if (file.empty()) return Write(secret);
  const absl::Status written = WriteSecret(file, secret);
  if (!written.ok()) {
    fmt::print(stderr, "lbctl: {}\n", written.message());
    return absl::IsAlreadyExists(written) ? kRefused : kNoAnswer;
  }
  return Write(fmt::format(
      "{0}: a new secret, for gossip-secret-file on all nodes. Copy "
      "it byte by byte, and let lbd alone read it: chown lbd:lbd "
      "{0}\n",
      file));
}

ExitStatus Commands::Check(const std::vector<std::string>& paths) {
  const config::Desired desired =
      config::BuildDesired(config::LoadManifests(paths, {}), {});
  admin::v1::ReloadResponse found;  // What a node would say of them.
  found.set_pools(desired.pools.size());
  found.set_advertisements(desired.advertisements.size());
  found.set_services(desired.services.size());
  for (const config::Problem& problem : desired.problems) {
    found.add_problems(problem.ToString());
  }
  for (const config::Problem& notice : desired.notices) {
    found.add_notices(notice.ToString());
  }
  found.set_counts(config::CountsText(desired));
  const ExitStatus printed = Print(found);
  return desired.problems.empty() ? printed : kFaults;
}

ExitStatus Commands::Doctor(const std::string& config,
                            const std::string& server) {
  const absl::Status usage =
      server.empty() ? absl::OkStatus() : CheckServer(server);
  if (!usage.ok()) return Fail(usage);
  const std::string path = config.empty() ? kOptionsFile : config;
  config::Options options;
  // Before there is an options file, lbd would run on the defaults too.
  const bool has_file =
      !config.empty() || access(path.c_str(), F_OK) == 0 || errno != ENOENT;
  if (has_file) {
    const auto problems = config::LoadOptionsFile(path, &options);
    for (const config::Problem& problem : problems) {
      fmt::print(stderr, "lbctl: {}\n", problem.ToString());
    }
    if (!problems.empty()) return kWrongUsage;
  }
  HostFacts facts = ReadHostFacts(options, server);
  if (!has_file) facts.no_options_file = path;
  const auto findings = Diagnose(options, facts);
  const ExitStatus printed =
      Write(output_ == Output::kJson   ? RenderJson(findings)
            : output_ == Output::kYaml ? RenderYaml(findings)
                                       : RenderTable(findings));
  return HasFault(findings) ? kFaults : printed;
}

}  // namespace lb::lbctl
