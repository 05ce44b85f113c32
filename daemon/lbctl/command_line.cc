#include "daemon/lbctl/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "daemon/lbctl/command.h"
#include "daemon/lbctl/session.h"
#include "daemon/lbctl/suggestion.h"
#include "daemon/lbctl/terminal.h"
#include "grpc/support/log.h"
#include "lb/config/version.h"

namespace lb::lbctl {
namespace {

constexpr char kFooter[] = R"(
Examples:
  lbctl status                              is this node well?
  lbctl services --node n1 -o wide          what n1 announces, and since when
  lbctl pools --holders                     which service has which address
  lbctl events --since 10m --follow         events of 10 minutes, then new ones
  lbctl history --address 192.0.2.1         which node announced it, and when
  lbctl explain default/web                 why that node announces it
  lbctl what-if --without n1                what would move if n1 left
  lbctl release 192.0.2.1                   free it if no pool gives it any more
  lbctl check manifests/                    before you put them in place
  lbctl secret new /etc/lbd/secret          the same file for all nodes
  lbctl migrate check                       before lbd takes MetalLB's place
  lbctl --server n1:7473 --tls-ca ca.pem --tls-cert me.pem --tls-key me.key top

Environment: LBCTL_SERVER, LBCTL_TLS_CA, LBCTL_TLS_CERT, LBCTL_TLS_KEY,
LBCTL_TLS_NAME are defaults of the flags; NO_COLOR turns colours off.

Exit status: 0 the node answered, an empty list included; 1 no answer: the node
cannot be reached, or did not answer in time; 2 wrong usage: lbctl cannot use an
argument or a file, and asked no node; 3 the node refused: it knows no such
service, node, pool or address, or the call is not allowed or makes no sense;
4 check, doctor or migrate check found faults.)";

// Options that all commands share.
struct GlobalOptions {
  ClientOptions server;
  double timeout_seconds = 5;
  Output output = Output::kTable;
};

void AddGlobalOptions(CLI::App* app, GlobalOptions* options) {
  ClientOptions& server = options->server;
  app->add_option("--server", server.server,
                  "Status service of the node: unix:PATH or HOST:PORT")
      ->envname("LBCTL_SERVER")
      ->capture_default_str();
  static const std::map<std::string, Output> kOutputs = {
      {"table", Output::kTable},
      {"wide", Output::kWide},
      {"json", Output::kJson},
      {"yaml", Output::kYaml}};
  app->add_option_function<std::string>(
         "-o,--output",
         [options](const std::string& name) {
           options->output = kOutputs.at(name);
         },
         "table, wide (more columns), json or yaml")
      ->check(CLI::IsMember({"table", "wide", "json", "yaml"}))
      ->default_str("table");
  app->add_option("--timeout", options->timeout_seconds,
                  "Seconds to wait for an answer")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app->add_option("--tls-ca", server.tls_ca,
                  "PEM file of the server's authority; turns TLS on")
      ->envname("LBCTL_TLS_CA");
  app->add_option("--tls-cert", server.tls_cert,
                  "PEM file of our certificate, if the server asks for one")
      ->envname("LBCTL_TLS_CERT");
  app->add_option("--tls-key", server.tls_key, "PEM file of its private key")
      ->envname("LBCTL_TLS_KEY");
  app->add_option("--tls-name", server.tls_name,
                  "Name in the server's certificate, if not HOST")
      ->envname("LBCTL_TLS_NAME");
  app->set_version_flag("--version", "lbctl " + std::string(config::kVersion));
}

std::string DescribeExtras(const CLI::App& app) {
  std::vector<std::string> commands;
  std::vector<std::string> flags;
  const auto add_flags = [&](const CLI::App& of) {
    for (const CLI::Option* const option : of.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        flags.push_back("--" + name);
      }
    }
  };
  add_flags(app);
  for (const CLI::App* const chosen : app.get_subcommands()) add_flags(*chosen);
  if (app.get_subcommands().empty()) {
    for (const CLI::App* const command : app.get_subcommands({})) {
      commands.push_back(command->get_name());
    }
  }
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  return DescribeUnknown(unknown.empty() ? "" : unknown.front(), commands,
                         flags);
}

// Turns "help COMMAND" into "COMMAND --help".
std::vector<const char*> WithHelpLast(std::vector<const char*> arguments) {
  if (arguments.size() < 2 || std::string_view(arguments[1]) != "help") {
    return arguments;
  }
  arguments.erase(arguments.begin() + 1);
  arguments.push_back("--help");
  return arguments;
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  CLI::App app(
      "lbctl: shows and changes what a node of the load balancer does.",
      "lbctl");
  GlobalOptions options;
  Command command;
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.fallthrough();
  AddGlobalOptions(&app, &options);
  AddQuestions(&app, &command);
  AddTop(&app, &command);
  AddChanges(&app, &command);
  AddLocalCommands(&app, &command);
  AddMigrate(&app, &command);
  try {
    const std::vector<const char*> arguments =
        WithHelpLast({argv, argv + argc});
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ExtrasError&) {
    std::fprintf(stderr, "lbctl: %s\n", DescribeExtras(app).c_str());
    return kWrongUsage;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // Asked for help.
    std::fprintf(stderr, "lbctl: %s (--help says more)\n", error.what());
    return kWrongUsage;
  }
  if (!command) {
    std::fputs("lbctl: want a subcommand, --help lists them\n", stderr);
    return kWrongUsage;
  }
  if (std::getenv("GRPC_VERBOSITY") == nullptr) {
    gpr_set_log_function([](gpr_log_func_args*) {});  // lbctl says what failed.
  }
  options.server.timeout = absl::Seconds(options.timeout_seconds);
  return command(Session(options.server, options.output, ShowsColours()));
}

}  // namespace lb::lbctl
