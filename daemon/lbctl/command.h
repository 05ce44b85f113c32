// lbctl's commands: their arguments and their actions.
//
// A command owns its arguments; no other command sees them.
#ifndef LB_DAEMON_LBCTL_COMMAND_H_
#define LB_DAEMON_LBCTL_COMMAND_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "daemon/lbctl/session.h"

namespace lb::lbctl {

// Runs the command that the command line names.
using Command = std::function<ExitStatus(const Session&)>;

// Sets `chosen` to `run` when the command line has `name`.
inline CLI::App* AddCommand(CLI::App* app, Command* chosen, const char* name,
                            const char* help, Command run) {
  return app->add_subcommand(name, help)
      ->callback([chosen, run = std::move(run)] { *chosen = run; });
}

// Sets a field of a request.
template <typename Request>
void AddField(CLI::App* command, const char* flag,
              const std::shared_ptr<Request>& request,
              void (Request::*set)(const std::string&), const char* help) {
  command->add_option_function<std::string>(
      flag, [=](const std::string& value) { (*request.*set)(value); }, help);
}

// Commands that ask a node, in the order of --help: status, services, pools,
// members, interfaces, problems, history, events, explain, what-if
void AddQuestions(CLI::App* app, Command* chosen);
void AddTop(CLI::App* app, Command* chosen);
// drain, undrain, reload, release, log-level, rotate-key
void AddChanges(CLI::App* app, Command* chosen);
// Commands that ask no node: secret, check, doctor
void AddLocalCommands(CLI::App* app, Command* chosen);
// migrate, which asks the API server
void AddMigrate(CLI::App* app, Command* chosen);

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_COMMAND_H_
