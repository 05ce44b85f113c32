#include "daemon/lbctl/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/lbctl/commands.h"
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
  lbctl pools --holders                     who has which address
  lbctl events --since 10m --follow         what happened, and what happens
  lbctl history --address 192.0.2.1         who announced it, from when to when
  lbctl explain default/web                 why that node announces it
  lbctl what-if --without n1                what would move if n1 went
  lbctl release 192.0.2.1                   no pool has it any more: another one
  lbctl check manifests/                    before they are put in place
  lbctl secret new /etc/lbd/secret          the same file for all nodes
  lbctl --server n1:7473 --tls-ca ca.pem --tls-cert me.pem --tls-key me.key top

Environment: LBCTL_SERVER, LBCTL_TLS_CA, LBCTL_TLS_CERT, LBCTL_TLS_KEY,
LBCTL_TLS_NAME are defaults of the flags; NO_COLOR turns colours off.

Exit status: 0 answered; 1 no answer: nobody there, or not in time; 2 wrong
usage: lbctl itself cannot use an argument or a file, and asks nobody; 3 the
node refused: no such service, node, pool or address, not allowed here, makes no
sense; 4 check or doctor found faults. A list that is empty is an answer.)";

// What was asked for on the command line.
struct Asked {
  ClientOptions server;
  double timeout_seconds = 5;
  Output output = Output::kTable;
  std::function<ExitStatus(Commands&)> command;

  // Of the commands.
  status::v1::ListServicesRequest services;
  status::v1::ListPoolsRequest pools;
  status::v1::ListAnnouncementsRequest history;
  std::string history_since;
  std::vector<std::string> kinds;
  Commands::EventRange events;
  Commands::TopOptions top;
  std::string service;
  std::vector<std::string> without;
  std::vector<std::string> with;
  std::string level;
  std::string step;
  std::string secret_file;
  std::string derivation;
  std::vector<std::string> paths;
  std::string config;
};

void AddGlobalOptions(CLI::App* app, Asked* asked) {
  ClientOptions& server = asked->server;
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
         [asked](const std::string& name) {
           asked->output = kOutputs.at(name);
         },
         "table, wide (more columns), json or yaml")
      ->check(CLI::IsMember({"table", "wide", "json", "yaml"}))
      ->default_str("table");
  app->add_option("--timeout", asked->timeout_seconds,
                  "Seconds to wait for an answer")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();
  app->add_option("--tls-ca", server.tls_ca,
                  "PEM file of the server's authority; makes it TLS")
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

CLI::App* AddCommand(CLI::App* app, Asked* asked, const char* name,
                     const char* help,
                     std::function<ExitStatus(Commands&)> command) {
  return app->add_subcommand(name, help)
      ->callback(
          [asked, command = std::move(command)] { asked->command = command; });
}

// A field of a request, by its setter.
template <typename Request>
void AddField(CLI::App* command, const char* flag, Request* request,
              void (Request::*set)(const std::string&), const char* help) {
  command->add_option_function<std::string>(
      flag, [=](const std::string& value) { (request->*set)(value); }, help);
}

void AddLists(CLI::App* app, Asked* asked) {
  AddCommand(app, asked, "status", "The node: ready, interfaces, problems",
             [](Commands& commands) { return commands.Status(); });
  using Services = status::v1::ListServicesRequest;
  CLI::App* const services = AddCommand(
      app, asked, "services", "Services, their addresses and announcing nodes",
      [asked](Commands& commands) {
        return commands.Services(asked->services);
      });
  const auto filter = [&](const char* flag,
                          void (Services::*set)(const std::string&),
                          const char* help) {
    AddField(services, flag, &asked->services, set, help);
  };
  filter("--namespace", &Services::set_service_namespace<const std::string&>,
         "Only those of this namespace");
  filter("--pool", &Services::set_pool<const std::string&>,
         "Only those with an address of this pool");
  filter("--node", &Services::set_node<const std::string&>,
         "Only those that this node announces");
  filter("--address", &Services::set_address<const std::string&>,
         "Only those with this address");
  CLI::App* const pools = AddCommand(
      app, asked, "pools", "Address pools and their use",
      [asked](Commands& commands) { return commands.Pools(asked->pools); });
  AddField(pools, "POOL", &asked->pools,
           &status::v1::ListPoolsRequest::set_pool<const std::string&>,
           "Only this one");
  pools->add_flag_function(
      "--holders", [asked](int64_t) { asked->pools.set_holders(true); },
      "Also who has which address");
  AddCommand(app, asked, "members", "The cluster as this node sees it",
             [](Commands& commands) { return commands.Members(); });
  AddCommand(app, asked, "interfaces", "Interfaces: usable, or why not",
             [](Commands& commands) { return commands.Interfaces(); });
  AddCommand(
      app, asked, "problems", "What wants mending",
      [asked](Commands& commands) { return commands.Problems(asked->kinds); })
      ->add_option("--kind", asked->kinds,
                   "Only of this kind, as object-refused");
}

void AddHistory(CLI::App* app, Asked* asked) {
  CLI::App* const history = AddCommand(
      app, asked, "history", "Who announced which address, from when to when",
      [asked](Commands& commands) {
        return commands.History(asked->history, asked->history_since);
      });
  using Request = status::v1::ListAnnouncementsRequest;
  AddField(history, "--address", &asked->history,
           &Request::set_address<const std::string&>, "Only this address");
  AddField(history, "--service", &asked->history,
           &Request::set_service<const std::string&>,
           "Only this service, namespace/name");
  AddField(history, "--node", &asked->history,
           &Request::set_node<const std::string&>,
           "Only what this node announced");
  history->add_option("--since", asked->history_since,
                      "Only what lasted in the last 10m, 2h, ..., or since "
                      "2024-05-01T10:00:00Z");
}

void AddQuestions(CLI::App* app, Asked* asked) {
  CLI::App* const events = AddCommand(
      app, asked, "events", "What happened, oldest first",
      [asked](Commands& commands) { return commands.Events(asked->events); });
  events->add_flag("-f,--follow", asked->events.follow,
                   "Go on with new events");
  events->add_option("--after", asked->events.after_sequence,
                     "Only events with a greater number");
  events->add_option("--since", asked->events.since,
                     "Only those of the last 10m, 2h, ..., or since "
                     "2024-05-01T10:00:00Z");
  AddCommand(
      app, asked, "explain", "Why its node announces a service or an address",
      [asked](Commands& commands) { return commands.Explain(asked->service); })
      ->add_option("SERVICE", asked->service,
                   "namespace/name, or an address that it holds")
      ->required();
  CLI::App* const what_if =
      AddCommand(app, asked, "what-if", "What would move if nodes went or came",
                 [asked](Commands& commands) {
                   return commands.WhatIf(asked->without, asked->with);
                 });
  what_if->add_option("--without", asked->without, "Leave out this node");
  what_if->add_option("--with", asked->with, "Count in this node");
  what_if->require_option();
  CLI::App* const top = AddCommand(
      app, asked, "top", "The node, live; q ends; once without a terminal",
      [asked](Commands& commands) { return commands.Top(asked->top); });
  top->add_option("--interval", asked->top.interval_seconds,
                  "Seconds between frames")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  top->add_option("--frames", asked->top.frames,
                  "End after so many; default: 1 without a terminal, else at q")
      ->check(CLI::PositiveNumber);
}

void AddSecret(CLI::App* app, Asked* asked) {
  CLI::App* const secret = AddCommand(
      app, asked, "secret", "Make a new secret for the gossip. Asks no node",
      [asked](Commands& commands) {
        return commands.NewSecret(asked->secret_file);
      });
  secret->add_option("STEP", asked->step, "new")
      ->required()
      ->check(CLI::IsMember({"new"}));
  secret->add_option("FILE", asked->secret_file,
                     "Where to, mode 0400, never over another file; default: "
                     "standard output");
}

void AddChanges(CLI::App* app, Asked* asked) {
  AddCommand(app, asked, "drain", "Give this node's announcements to others",
             [](Commands& commands) { return commands.Drain(); });
  AddCommand(app, asked, "undrain", "Let it announce again",
             [](Commands& commands) { return commands.Undrain(); });
  AddCommand(app, asked, "reload", "Read the manifests again",
             [](Commands& commands) { return commands.Reload(); });
  AddCommand(
      app, asked, "release", "Free an address that only the past still holds",
      [asked](Commands& commands) { return commands.Release(asked->service); })
      ->add_option("WHAT", asked->service,
                   "An address, or namespace/name for all of a service")
      ->required();
  AddCommand(app, asked, "log-level", "What lbd logs, until its restart",
             [asked](Commands& commands) {
               return commands.SetLogLevel(asked->level);
             })
      ->add_option("LEVEL", asked->level, "debug, info, warning or error")
      ->required();
  CLI::App* const rotate = AddCommand(
      app, asked, "rotate-key",
      "Change the gossip's key: add on all nodes, use on all, remove on all",
      [asked](Commands& commands) {
        return commands.RotateKey(asked->step, asked->secret_file,
                                  asked->derivation);
      });
  rotate->add_option("STEP", asked->step, "add, use or remove")
      ->required()
      ->check(CLI::IsMember({"add", "use", "remove"}));
  rotate
      ->add_option("--secret-file", asked->secret_file,
                   "File with the secret to add, use or remove")
      ->required();
  rotate
      ->add_option("--derivation", asked->derivation,
                   "With use: sha256 or legacy; default: as lbd's "
                   "gossip-key-derivation")
      ->check(CLI::IsMember({"sha256", "legacy"}));
  AddSecret(app, asked);
  AddCommand(
      app, asked, "check", "Are these manifests good? Asks no node",
      [asked](Commands& commands) { return commands.Check(asked->paths); })
      ->add_option("FILE", asked->paths, "Files, and folders of *.yaml")
      ->required();
  AddCommand(app, asked, "doctor",
             "What of this host keeps lbd from working? Asks no node",
             [app, asked](Commands& commands) {
               const bool is_given = app->get_option("--server")->count() > 0;
               return commands.Doctor(asked->config,
                                      is_given ? asked->server.server : "");
             })
      ->add_option("--config", asked->config,
                   "The options file of lbd; default: /etc/lbd/lbd.yaml, or "
                   "lbd's defaults if there is none");
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

// "help COMMAND" as "COMMAND --help".
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
  Asked asked;
  app.footer(kFooter);
  app.require_subcommand(0, 1);
  app.fallthrough();
  AddGlobalOptions(&app, &asked);
  AddLists(&app, &asked);
  AddHistory(&app, &asked);
  AddQuestions(&app, &asked);
  AddChanges(&app, &asked);
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
  if (!asked.command) {
    std::fputs("lbctl: want a subcommand, --help lists them\n", stderr);
    return kWrongUsage;
  }
  if (std::getenv("GRPC_VERBOSITY") == nullptr) {
    gpr_set_log_function([](gpr_log_func_args*) {});  // We say what failed.
  }
  asked.server.timeout = absl::Seconds(asked.timeout_seconds);
  Commands commands(asked.server, asked.output, ShowsColours());
  return asked.command(commands);
}

}  // namespace lb::lbctl
