// The commands that ask a node and change nothing.
#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "daemon/lbctl/arguments.h"
#include "daemon/lbctl/command.h"
#include "daemon/lbctl/name_hint.h"
#include "lb/base/status_macros.h"
#include "lb/config/printable.h"
#include "lb/net/ip_address.h"

namespace lb::lbctl {
namespace {

using Stub = status::v1::Status::Stub;
using config::Printable;

bool IsFiltered(const status::v1::ListServicesRequest& request) {
  return !request.service_namespace().empty() || !request.pool().empty() ||
         !request.node().empty() || !request.address().empty();
}

ExitStatus Services(const Session& session,
                    const status::v1::ListServicesRequest& request) {
  const absl::Status usage = CheckAddress(request.address());
  if (!usage.ok()) return session.Fail(usage);
  const auto client = session.Connect();
  if (!client.ok()) return session.Fail(client.status());
  status::v1::ListServicesResponse all;
  grpc::Status status = client->AskAll(&Stub::ListServices, request, &all);
  const bool any = !all.services().empty();
  if (status.ok() && !any) status = CheckMember(*client, request.node());
  if (status.ok() && !any) status = CheckPool(*client, request.pool());
  if (!status.ok()) return session.Fail(status);
  const ExitStatus printed = session.Print(all);
  if (!any && session.IsForPeople()) {
    session.Tell(IsFiltered(request) ? "no service matches" : "no service");
  }
  return printed;
}

void AddServices(CLI::App* app, Command* chosen) {
  using Request = status::v1::ListServicesRequest;
  const auto request = std::make_shared<Request>();
  CLI::App* const command = AddCommand(
      app, chosen, "services", "Services, their addresses and announcing nodes",
      [=](const Session& session) { return Services(session, *request); });
  AddField(command, "--namespace", request,
           &Request::set_service_namespace<const std::string&>,
           "Only services of this namespace");
  AddField(command, "--pool", request, &Request::set_pool<const std::string&>,
           "Only services with an address of this pool");
  AddField(command, "--node", request, &Request::set_node<const std::string&>,
           "Only services that this node announces");
  AddField(command, "--address", request,
           &Request::set_address<const std::string&>,
           "Only services with this address");
}

// With `want_ready` a node that is not ready is a fault, for scripts and tests
// of an installation.
ExitStatus NodeStatus(const Session& session, bool want_ready) {
  bool ready = false;
  const ExitStatus printed = session.Run<status::v1::GetNodeResponse>(
      [&](const Client& client, status::v1::GetNodeResponse* node) {
        const auto status = client.Ask(&Stub::GetNode, {}, node);
        ready = node->ready();
        return status;
      });
  if (printed != kAnswered || ready || !want_ready) return printed;
  session.Tell(
      "the node is not ready: it has not heard from the cluster yet, or it "
      "leaves");
  return kFaults;
}

void AddStatus(CLI::App* app, Command* chosen) {
  const auto want_ready = std::make_shared<bool>(false);
  AddCommand(
      app, chosen, "status", "The node: ready, interfaces, problems",
      [=](const Session& session) { return NodeStatus(session, *want_ready); })
      ->add_flag("--ready", *want_ready, "Fail with 4 unless it is ready");
}

void AddPools(CLI::App* app, Command* chosen) {
  using Request = status::v1::ListPoolsRequest;
  const auto request = std::make_shared<Request>();
  CLI::App* const command =
      AddCommand(app, chosen, "pools", "Address pools and their use",
                 [=](const Session& session) {
                   return session.Run<status::v1::ListPoolsResponse>(
                       [&](const Client& client, auto* all) {
                         const auto status =
                             client.AskAll(&Stub::ListPools, *request, all);
                         return status.ok() && all->pools().empty()
                                    ? CheckPool(client, request->pool())
                                    : status;
                       });
                 });
  AddField(command, "POOL", request, &Request::set_pool<const std::string&>,
           "Only this pool");
  command->add_flag_function(
      "--holders", [=](int64_t) { request->set_holders(true); },
      "Also which services hold which address");
}

void AddRoutes(CLI::App* app, Command* chosen) {
  using Request = status::v1::ListRoutesRequest;
  const auto request = std::make_shared<Request>();
  CLI::App* const command = AddCommand(
      app, chosen, "routes", "Routes that this node tells its BGP peers",
      [=](const Session& session) {
        return session.AskAll(&Stub::ListRoutes, *request);
      });
  AddField(command, "--peer", request, &Request::set_peer<const std::string&>,
           "Only routes to the peer of this name");
}

void AddProblems(CLI::App* app, Command* chosen) {
  const auto kinds = std::make_shared<std::vector<std::string>>();
  AddCommand(app, chosen, "problems", "Problems to fix",
             [=](const Session& session) {
               status::v1::ListProblemsRequest request;
               for (const std::string& name : *kinds) {
                 const auto kind = ParseKind(name);
                 if (!kind.ok()) return session.Fail(kind.status());
                 request.add_kinds(*kind);
               }
               return session.Ask(&Stub::ListProblems, request);
             })
      ->add_option("--kind", *kinds,
                   "Only problems of this kind, such as object-refused");
}

// Sets the field of the request; an empty text leaves it unset.
template <typename Request>
absl::Status SetSince(const std::string& since, absl::Time now,
                      Request& request) {
  if (since.empty()) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(const absl::Time time, ParseSince(since, now));
  request.mutable_since()->set_seconds(absl::ToUnixSeconds(time));
  return absl::OkStatus();
}

struct HistoryArguments {
  status::v1::ListAnnouncementsRequest request;
  std::string since;
};

ExitStatus History(const Session& session, HistoryArguments arguments) {
  absl::Status usage =
      SetSince(arguments.since, session.Now(), arguments.request);
  usage.Update(CheckAddress(arguments.request.address()));
  if (!usage.ok()) return session.Fail(usage);
  return session.AskAll(&Stub::ListAnnouncements, arguments.request);
}

void AddHistory(CLI::App* app, Command* chosen) {
  using Request = status::v1::ListAnnouncementsRequest;
  const auto arguments = std::make_shared<HistoryArguments>();
  const std::shared_ptr<Request> request(arguments, &arguments->request);
  CLI::App* const command = AddCommand(
      app, chosen, "history", "Which node announced which address, and when",
      [=](const Session& session) { return History(session, *arguments); });
  AddField(command, "--address", request,
           &Request::set_address<const std::string&>,
           "Only announcements of this address");
  AddField(command, "--service", request,
           &Request::set_service<const std::string&>,
           "Only announcements of this service, namespace/name");
  AddField(command, "--node", request, &Request::set_node<const std::string&>,
           "Only announcements by this node");
  command->add_option("--since", arguments->since,
                      "Only announcements of the last 10m, 2h, ..., or since "
                      "2024-05-01T10:00:00Z");
}

struct EventsArguments {
  uint64_t after_sequence = 0;
  std::string since;
  bool follow = false;
};

ExitStatus Events(const Session& session, const EventsArguments& arguments) {
  status::v1::WatchEventsRequest request;
  request.set_after_sequence(arguments.after_sequence);
  request.set_follow(arguments.follow);
  const absl::Status usage = SetSince(arguments.since, session.Now(), request);
  if (!usage.ok()) return session.Fail(usage);
  const auto client = session.Connect();
  if (!client.ok()) return session.Fail(client.status());
  grpc::ClientContext context;
  if (!arguments.follow) client->SetDeadline(&context);
  auto stub = client->status();
  const auto reader = stub.WatchEvents(&context, request);
  status::v1::Event event;
  while (reader->Read(&event)) {
    if (session.Print(event) == kAnswered) continue;
    context.TryCancel();
    return kNoAnswer;
  }
  const grpc::Status status = reader->Finish();
  return status.ok() ? kAnswered : session.Fail(status);
}

void AddEvents(CLI::App* app, Command* chosen) {
  const auto arguments = std::make_shared<EventsArguments>();
  CLI::App* const command = AddCommand(
      app, chosen, "events", "Events, oldest first",
      [=](const Session& session) { return Events(session, *arguments); });
  command->add_flag("-f,--follow", arguments->follow, "Go on with new events");
  command
      ->add_option("--after", arguments->after_sequence,
                   "Only events with a greater number")
      ->check(CLI::NonNegativeNumber);  // As unsigned, -1 is the largest.
  command->add_option("--since", arguments->since,
                      "Only events of the last 10m, 2h, ..., or since "
                      "2024-05-01T10:00:00Z");
}

// `what` is "namespace/name", or an address that a service holds.
ExitStatus Explain(const Session& session, const std::string& what) {
  absl::Status usage =
      CheckNotEmpty("SERVICE", what, "an address or namespace/name");
  usage.Update(CheckAddressOrService(what));
  if (!usage.ok()) return session.Fail(usage);
  status::v1::ExplainRequest request;
  request.set_service(what);
  if (!net::ParseIpAddress(what).ok()) {
    return session.Ask(&Stub::Explain, request, HintOfService(what));
  }
  return session.Run<status::v1::ExplainResponse>(
      [&](const Client& client, auto* response) {
        std::vector<std::string> holders;
        const grpc::Status found = FindHolders(client, what, &holders);
        if (!found.ok()) return found;
        request.set_service(holders[0]);
        if (holders.size() > 1) {
          session.Tell(fmt::format("{} is shared by {}; this is {}", what,
                                   Printable(absl::StrJoin(holders, ", ")),
                                   Printable(holders[0])));
        }
        return client.Ask(&Stub::Explain, request, response);
      });
}

void AddExplain(CLI::App* app, Command* chosen) {
  const auto what = std::make_shared<std::string>();
  AddCommand(app, chosen, "explain",
             "Why a service or an address is announced where it is",
             [=](const Session& session) { return Explain(session, *what); })
      ->add_option("SERVICE", *what,
                   "namespace/name, or an address that it holds")
      ->required();
}

void AddWhatIf(CLI::App* app, Command* chosen) {
  struct Nodes {
    std::vector<std::string> without, with;
  };
  const auto nodes = std::make_shared<Nodes>();
  CLI::App* const command = AddCommand(
      app, chosen, "what-if", "What would move if nodes left or joined",
      [=](const Session& session) {
        status::v1::WhatIfRequest request;
        for (const auto& node : nodes->without) {
          request.add_without(node);
        }
        for (const auto& node : nodes->with) request.add_with(node);
        return session.Ask(&Stub::WhatIf, request, HintOfNodes(nodes->without));
      });
  command->add_option("--without", nodes->without, "Leave out this node");
  command->add_option("--with", nodes->with, "Include this node");
  command->require_option();
}

}  // namespace

void AddQuestions(CLI::App* app, Command* chosen) {
  AddStatus(app, chosen);
  AddServices(app, chosen);
  AddPools(app, chosen);
  AddCommand(app, chosen, "members", "The cluster as this node sees it",
             [](const Session& session) {
               return session.AskAll(&Stub::ListMembers);
             });
  AddCommand(app, chosen, "interfaces", "Interfaces: usable, or why not",
             [](const Session& session) {
               return session.AskAll(&Stub::ListInterfaces);
             });
  AddCommand(
      app, chosen, "peers", "BGP peers: the sessions, or why not",
      [](const Session& session) { return session.AskAll(&Stub::ListPeers); });
  AddRoutes(app, chosen);
  AddCommand(app, chosen, "bfd", "BFD sessions, which find dead paths to peers",
             [](const Session& session) {
               return session.AskAll(&Stub::ListBfdSessions);
             });
  AddProblems(app, chosen);
  AddHistory(app, chosen);
  AddEvents(app, chosen);
  AddExplain(app, chosen);
  AddWhatIf(app, chosen);
}

}  // namespace lb::lbctl
