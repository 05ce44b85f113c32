// lbd: the load balancer's daemon.
#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "daemon/daemon.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "lb/config/flags.h"

namespace {

constexpr int kExitFailed = 1;  // Could not start, or --check found a fault.
constexpr int kExitUsage = 2;

}  // namespace

int main(int argc, char** argv) {
  using Action = lb::config::ParsedFlags::Action;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto parsed = lb::config::ParseFlags(arguments);
  if (!parsed.ok()) {
    fmt::print(stderr, "lbd: {}\n", std::string(parsed.status().message()));
    return kExitUsage;
  }
  switch (parsed->action) {
    case Action::kPrintText:
      fmt::print("{}", parsed->text);
      return 0;
    case Action::kCheck:
      return lb::CheckManifests(parsed->options) ? 0 : kExitFailed;
    case Action::kRun:
      break;
  }
  absl::Status status = lb::DropPrivileges(parsed->options);
  if (status.ok()) {
    const std::vector<std::string> unfenced =
        lb::EnterSandbox(lb::OwnFolders(parsed->options));
    status = lb::RunDaemon(parsed->options, unfenced);
  }
  if (!status.ok()) {
    fmt::print(stderr, "lbd: {}\n", std::string(status.message()));
    return kExitFailed;
  }
  return 0;
}
