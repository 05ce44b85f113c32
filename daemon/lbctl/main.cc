// lbctl: asks a node's status service and prints the answer.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "daemon/lbctl/doctor.h"
#include "daemon/lbctl/host_facts.h"
#include "daemon/lbctl/render.h"
#include "fmt/format.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/grpcpp.h"
#include "lb/config/options.h"
#include "lb/status/v1/status.grpc.pb.h"

namespace lb::lbctl {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Options {
  std::string server = "unix:/run/lbd/lbd.sock";
  std::string output = "table";
  double timeout_seconds = 5;
  bool follow = false;
  uint64_t after_sequence = 0;
  std::string config = "/etc/lbd/lbd.yaml";
};

template <typename Message>
void Print(const Message& message, const Options& options) {
  if (options.output == "table") {
    std::fputs(Render(message).c_str(), stdout);
    return;
  }
  google::protobuf::util::JsonPrintOptions format;
  format.always_print_primitive_fields = true;
  // One event a line, so that a reader can follow; else for people's eyes.
  format.add_whitespace = !std::is_same_v<Message, status::v1::Event>;
  std::string json;
  const auto converted =
      google::protobuf::util::MessageToJsonString(message, &json, format);
  fmt::print("{}\n", converted.ok() ? json : converted.ToString());
}

int Fail(const grpc::Status& status, const Options& options) {
  fmt::print(stderr, "lbctl: {}: {}\n", options.server, status.error_message());
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    fmt::print(stderr,
               "lbctl: is lbd running here, and may you open its socket? "
               "--server names another\n");
  }
  return kExitFailed;
}

class Client {
 public:
  explicit Client(const Options& options)
      : options_(options),
        stub_(status::v1::Status::NewStub(grpc::CreateChannel(
            options.server, grpc::InsecureChannelCredentials()))) {}

  // One question, one answer, printed. Gives the exit code.
  template <typename Request, typename Response>
  int Ask(grpc::Status (status::v1::Status::Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*)) {
    grpc::ClientContext context;
    SetDeadline(context);
    Response response;
    const grpc::Status status =
        ((*stub_).*method)(&context, Request(), &response);
    if (!status.ok()) return Fail(status, options_);
    Print(response, options_);
    return 0;
  }

  int WatchEvents() {
    grpc::ClientContext context;
    if (!options_.follow) SetDeadline(context);
    status::v1::WatchEventsRequest request;
    request.set_after_sequence(options_.after_sequence);
    request.set_follow(options_.follow);
    const auto reader = stub_->WatchEvents(&context, request);
    status::v1::Event event;
    while (reader->Read(&event)) {
      Print(event, options_);
      std::fflush(stdout);
    }
    const grpc::Status status = reader->Finish();
    return status.ok() ? 0 : Fail(status, options_);
  }

 private:
  void SetDeadline(grpc::ClientContext& context) const {
    context.set_deadline(absl::ToChronoTime(
        absl::Now() + absl::Seconds(options_.timeout_seconds)));
  }

  const Options& options_;
  std::unique_ptr<status::v1::Status::Stub> stub_;
};

// Looks at this host instead of asking a server.
int Diagnose(const Options& options) {
  config::Options daemon_options;
  const auto problems =
      config::LoadOptionsFile(options.config, &daemon_options);
  for (const config::Problem& problem : problems) {
    fmt::print(stderr, "lbctl: {}\n", problem.ToString());
  }
  if (!problems.empty()) return kExitUsage;
  const auto findings = Diagnose(daemon_options, ReadHostFacts(daemon_options));
  fmt::print("{}", options.output == "table" ? RenderTable(findings)
                                             : RenderJson(findings) + "\n");
  return HasFault(findings) ? kExitFailed : 0;
}

int Main(int argc, char** argv) {
  using Stub = status::v1::Status::Stub;
  CLI::App app("lbctl: shows what a node of the load balancer knows and does.");
  app.footer("Exit status: 0 answered, 1 no answer, 2 wrong usage.");
  app.require_subcommand(1);
  app.fallthrough();
  Options options;
  app.add_option("--server", options.server,
                 "Status service of the node: unix:PATH or HOST:PORT")
      ->envname("LBCTL_SERVER")
      ->capture_default_str();
  app.add_option("-o,--output", options.output, "table, or json for tools")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds,
                 "Seconds to wait for an answer")
      ->check(CLI::Range(0.001, 3600.0))
      ->capture_default_str();

  std::function<int(Client&)> question;
  const auto add = [&](const char* name, const char* help,
                       std::function<int(Client&)> ask) {
    return app.add_subcommand(name, help)
        ->callback([&question, ask = std::move(ask)] { question = ask; });
  };
  add("status", "The node: ready, interfaces, problems",
      [](Client& client) { return client.Ask(&Stub::GetNode); });
  add("services", "Services, their addresses and announcing nodes",
      [](Client& client) { return client.Ask(&Stub::ListServices); });
  add("pools", "Address pools and their use",
      [](Client& client) { return client.Ask(&Stub::ListPools); });
  add("members", "The cluster as this node sees it",
      [](Client& client) { return client.Ask(&Stub::ListMembers); });
  CLI::App* events = add("events", "What happened, oldest first",
                         [](Client& client) { return client.WatchEvents(); });
  events->add_flag("-f,--follow", options.follow, "Go on with new events");
  events->add_option("--after", options.after_sequence,
                     "Only events with a greater number");
  add("doctor", "What of this host keeps lbd from working; exit 1 if anything",
      [&options](Client&) { return Diagnose(options); })
      ->add_option("--config", options.config, "The options file of lbd")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  Client client(options);
  return question(client);
}

}  // namespace
}  // namespace lb::lbctl

int main(int argc, char** argv) { return lb::lbctl::Main(argc, argv); }
