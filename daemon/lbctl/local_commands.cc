// The commands that ask no node.
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/lbctl/arguments.h"
#include "daemon/lbctl/command.h"
#include "daemon/lbctl/doctor.h"
#include "daemon/lbctl/host_facts.h"
#include "daemon/lbctl/new_secret.h"
#include "daemon/lbctl/server_address.h"
#include "daemon/options/options.h"
#include "lb/admin/v1/admin.pb.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"

namespace lb::lbctl {
namespace {

constexpr char kOptionsFile[] = "/etc/lbd/lbd.yaml";

// Writes the secret into a file that must not exist yet.
ExitStatus NewSecretFile(const Session& session, const std::string& file) {
  // An unset variable in a script must not print the secret on a screen.
  const absl::Status usage =
      CheckNotEmpty("FILE", file, "a name, or none at all for standard output");
  if (!usage.ok()) return session.Fail(usage);
  const absl::Status written = WriteSecret(file, DrawSecret());
  if (!written.ok()) {
    return session.Fail(written,
                        absl::IsAlreadyExists(written) ? kRefused : kNoAnswer);
  }
  return session.Write(fmt::format(
      "{0}: a new secret, for gossip-secret-file on all nodes. Copy "
      "it byte by byte, and let lbd alone read it: chown lbd:lbd "
      "{0}\n",
      file));
}

void AddSecret(CLI::App* app, Command* chosen) {
  struct Arguments {
    std::string step;
    std::optional<std::string> file;  // Nullopt: standard output.
  };
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = AddCommand(
      app, chosen, "secret", "Make a new secret for the gossip. Asks no node",
      [=](const Session& session) {
        return arguments->file ? NewSecretFile(session, *arguments->file)
                               : session.Write(DrawSecret());
      });
  command->add_option("STEP", arguments->step, "new")
      ->required()
      ->check(CLI::IsMember({"new"}));
  command->add_option_function<std::string>(
      "FILE", [=](const std::string& file) { arguments->file = file; },
      "File to write, mode 0400, never over another one; default: standard "
      "output");
}

ExitStatus Check(const Session& session,
                 const std::vector<std::string>& paths) {
  const config::Desired desired =
      config::BuildDesired(config::LoadManifests(paths, {}), {});
  admin::v1::ReloadResponse found;  // As a node would answer.
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
  const ExitStatus printed = session.Print(found);
  return desired.problems.empty() ? printed : kFaults;
}

void AddCheck(CLI::App* app, Command* chosen) {
  const auto paths = std::make_shared<std::vector<std::string>>();
  AddCommand(app, chosen, "check", "Check manifests. Asks no node",
             [=](const Session& session) { return Check(session, *paths); })
      ->add_option("FILE", *paths, "Files, and folders of *.yaml")
      ->required();
}

// Checks this host for an lbd with the options file `config`. That lbd is
// looked for at `server`, or, if it is empty, where the options say.
ExitStatus Doctor(const Session& session, const std::string& config,
                  const std::string& server) {
  const absl::Status usage =
      server.empty() ? absl::OkStatus() : CheckServer(server);
  if (!usage.ok()) return session.Fail(usage);
  const std::string path = config.empty() ? kOptionsFile : config;
  Options options;
  // lbd, too, runs on the defaults before there is an options file.
  const bool has_file =
      !config.empty() || access(path.c_str(), F_OK) == 0 || errno != ENOENT;
  if (has_file) {
    const auto problems = LoadOptionsFile(path, &options);
    for (const config::Problem& problem : problems) {
      session.Tell(problem.ToString());
    }
    if (!problems.empty()) return kWrongUsage;
  }
  HostFacts facts = ReadHostFacts(options, server);
  if (!has_file) facts.no_options_file = path;
  const auto findings = Diagnose(options, facts);
  const ExitStatus printed = session.Write(
      session.output() == Output::kJson   ? RenderJson(findings)
      : session.output() == Output::kYaml ? RenderYaml(findings)
                                          : RenderTable(findings));
  return HasFault(findings) ? kFaults : printed;
}

void AddDoctor(CLI::App* app, Command* chosen) {
  const auto config = std::make_shared<std::string>();
  AddCommand(app, chosen, "doctor",
             "Find out what keeps lbd from working on this host. Asks no node",
             [=](const Session& session) {
               const CLI::Option* const server = app->get_option("--server");
               return Doctor(session, *config,
                             server->count() > 0 ? session.server() : "");
             })
      ->add_option("--config", *config,
                   "The options file of lbd; default: /etc/lbd/lbd.yaml, or "
                   "lbd's defaults if there is none");
}

}  // namespace

void AddLocalCommands(CLI::App* app, Command* chosen) {
  AddSecret(app, chosen);
  AddCheck(app, chosen);
  AddDoctor(app, chosen);
}

}  // namespace lb::lbctl
