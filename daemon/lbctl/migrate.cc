// The command for a cluster that MetalLB serves: migrate check.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "daemon/lbctl/cluster_facts.h"
#include "daemon/lbctl/command.h"
#include "daemon/lbctl/doctor.h"
#include "daemon/lbctl/move_check.h"

namespace lb::lbctl {
namespace {

struct Arguments {
  std::string step;
  ClusterSource source;
  bool ignore_exclude_label = false;
};

// As kubectl has it; empty: there is none, and the access is that of a pod.
std::string DefaultKubeconfig() {
  const char* const home = std::getenv("HOME");
  const std::string path = fmt::format("{}/.kube/config", home ? home : "");
  return access(path.c_str(), R_OK) == 0 ? path : "";
}

// Takes the members that a lbd sees in place of the pods.
grpc::Status TakeMembers(const Session& session, const Client& client,
                         ClusterFacts& facts) {
  status::v1::ListMembersResponse all;
  const grpc::Status status =
      client.AskAll(&status::v1::Status::Stub::ListMembers, {}, &all);
  facts.members.clear();
  facts.members_from =
      fmt::format("the members that the lbd at {} sees", session.server());
  for (const status::v1::Member& member : all.members()) {
    if (member.state() == status::v1::Member::ALIVE ||
        member.state() == status::v1::Member::SUSPECT) {
      facts.members.push_back(member.name());
    }
  }
  return status;
}

ExitStatus MigrateCheck(const Session& session, Arguments arguments,
                        bool asks_lbd) {
  KubernetesSettings& server = arguments.source.server;
  if (server.kubeconfig.empty()) server.kubeconfig = DefaultKubeconfig();
  arguments.source.patience = session.patience();
  absl::StatusOr<ClusterFacts> facts = ReadClusterFacts(arguments.source);
  if (!facts.ok()) {
    return session.Fail(facts.status(), absl::IsDeadlineExceeded(facts.status())
                                            ? kNoAnswer
                                            : kWrongUsage);
  }
  if (asks_lbd) {
    const auto client = session.Connect();
    if (!client.ok()) return session.Fail(client.status());
    const grpc::Status status = TakeMembers(session, *client, *facts);
    if (!status.ok()) return session.Fail(status);
  }
  facts->ignore_exclude_label = arguments.ignore_exclude_label;
  const bool is_short = session.output() == Output::kTable;
  const auto findings =
      JudgeMove(*facts, is_short ? Detail::kSums : Detail::kEach);
  const ExitStatus printed = session.Write(
      session.output() == Output::kJson   ? RenderJson(findings)
      : session.output() == Output::kYaml ? RenderYaml(findings)
                                          : RenderTable(findings));
  return HasFault(findings) ? kFaults : printed;
}

}  // namespace

void AddMigrate(CLI::App* app, Command* chosen) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = AddCommand(
      app, chosen, "migrate",
      "Compare what MetalLB's speakers announce with what lbd would, before "
      "lbd takes their place. Asks the API server, changes nothing",
      [=](const Session& session) {
        return MigrateCheck(session, *arguments,
                            app->get_option("--server")->count() > 0);
      });
  command
      ->add_option("STEP", arguments->step,
                   "check: service by service, the node that the "
                   "ServiceL2Status names and the node that lbd would elect; "
                   "and the objects that lbd refuses. -o wide shows each "
                   "service. The election is among the nodes with a speaker's "
                   "pod that is Ready, or, with --server, among the members of "
                   "that lbd")
      ->required()
      ->check(CLI::IsMember({"check"}));
  command
      ->add_option("--kubeconfig", arguments->source.server.kubeconfig,
                   "File that says where the API server is; default: "
                   "~/.kube/config, else as in a pod")
      ->envname("KUBECONFIG");
  command->add_option("--namespace", arguments->source.server.name_space,
                      "Namespace of MetalLB; default: metallb-system");
  command->add_option("--lb-class", arguments->source.load_balancer_class,
                      "loadBalancerClass of the services; default: those "
                      "without one");
  command->add_flag("--ignore-exclude-lb", arguments->ignore_exclude_label,
                    "Count nodes that are excluded from load balancers, as "
                    "MetalLB's speakers with this flag do");
}

}  // namespace lb::lbctl
