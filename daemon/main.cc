// lbd: the load balancer's daemon.
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "daemon/api_server.h"
#include "daemon/controller_daemon.h"
#include "daemon/daemon.h"
#include "daemon/heap.h"
#include "daemon/options/flags.h"
#include "daemon/options/options.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "lb/base/status_macros.h"

namespace {

constexpr int kExitFailed = 1;  // Could not start, or --check found a fault.
constexpr int kExitUsage = 2;

absl::Status Run(const lb::Options& options) {
  LB_RETURN_IF_ERROR(lb::DropPrivileges(options));
  const std::vector<std::string> unfenced =
      lb::EnterSandbox(lb::OwnFolders(options));
  if (!options.kubernetes.speaks()) {
    return lb::RunControllerDaemon(options, unfenced);
  }
  return lb::RunDaemon(options, unfenced);
}

int Refuse(const absl::Status& why, int exit_status) {
  fmt::print(stderr, "lbd: {}\n", std::string(why.message()));
  return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
  lb::ConfigureHeap();
  // A SIGHUP before the first reading needs no second one.
  std::signal(SIGHUP, SIG_IGN);
  using Action = lb::ParsedFlags::Action;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto parsed = lb::ParseFlags(arguments);
  if (!parsed.ok()) return Refuse(parsed.status(), kExitUsage);
  const absl::Status taken = lb::TakePodVariables(&parsed->options);
  if (!taken.ok()) return Refuse(taken, kExitUsage);
  switch (parsed->action) {
    case Action::kPrintText:
      fmt::print("{}", parsed->text);
      return 0;
    case Action::kCheck:
      return lb::CheckManifests(parsed->options, parsed->has_file)
                 ? 0
                 : kExitFailed;
    case Action::kRun:
      break;
  }
  const absl::Status secrecy = lb::ValidateSecrecy(parsed->options);
  if (!secrecy.ok()) return Refuse(secrecy, kExitUsage);
  const absl::Status ran = Run(parsed->options);
  return ran.ok() ? 0 : Refuse(ran, kExitFailed);
}
