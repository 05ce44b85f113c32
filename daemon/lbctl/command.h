// lbctl's commands: what each takes, and what it does.
//
// A command owns its arguments; no other one sees them.
#ifndef LB_DAEMON_LBCTL_COMMAND_H_
#define LB_DAEMON_LBCTL_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/lbctl/session.h"

namespace lb::lbctl {

// Runs the command that the command line has.
using Command = std::function<ExitStatus(const Session&)>;

// Sets `chosen` to `run` when the command line has `name`.
inline CLI::App* AddCommand(CLI::App* app, Command* chosen, const char* name,
                            const char* help, Command run) {
  return app->add_subcommand(name, help)
      ->callback([chosen, run = std::move(run)] { *chosen = run; });
}

// A field of a request, by its setter.
template <typename Request>
void AddField(CLI::App* command, const char* flag,
              const std::shared_ptr<Request>& request,
              void (Request::*set)(const std::string&), const char* help) {
  command->add_option_function<std::string>(
      flag, [=](const std::string& value) { (*request.*set)(value); }, help);
}

// All there are, in the order of --help.
// status, services, pools, members, interfaces, problems, history, events,
// explain, what-if
void AddQuestions(CLI::App* app, Command* chosen);
void AddTop(CLI::App* app, Command* chosen);
// drain, undrain, reload, release, log-level, rotate-key
void AddChanges(CLI::App* app, Command* chosen);
// secret, check, doctor: they ask no node.
void AddLocalCommands(CLI::App* app, Command* chosen);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_COMMAND_H_
