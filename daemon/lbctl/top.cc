// `lbctl top`: shows a node's state again and again.
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "daemon/lbctl/command.h"
#include "daemon/lbctl/terminal.h"

namespace lb::lbctl {
namespace {

using Stub = status::v1::Status::Stub;

struct TopArguments {
  double interval_seconds = 2;
  int frames = 0;  // 0: until it is ended; one without a terminal.
};

grpc::Status AskView(const Client& client, TopView* view) {
  grpc::Status status = client.Ask(&Stub::GetNode, {}, &view->node);
  if (status.ok()) {
    status = client.AskAll(&Stub::ListMembers, {}, &view->members);
  }
  if (status.ok()) status = client.AskAll(&Stub::ListPools, {}, &view->pools);
  if (status.ok()) {
    status = client.AskAll(&Stub::ListServices, {}, &view->services);
  }
  return status;
}

ExitStatus Top(const Session& session, const TopArguments& arguments) {
  if (!session.IsForPeople()) {
    return session.Fail(absl::InvalidArgumentError(
        "top: --output: want table or wide; status, members, pools and "
        "services have the same as JSON and YAML"));
  }
  const absl::StatusOr<Client> client = session.Connect();
  if (!client.ok()) return session.Fail(client.status());
  Terminal terminal;
  // Without a terminal there is no key q, so one frame is the default, as with
  // `top -b -n 1`.
  const int frames =
      arguments.frames == 0 && !terminal.IsLive() ? 1 : arguments.frames;
  for (int frame = 1;; ++frame) {
    TopView view{.now = session.Now(), .rows = terminal.Rows()};
    const grpc::Status status = AskView(*client, &view);
    if (!status.ok()) return session.Fail(status);
    const ExitStatus shown = session.Write(std::string(terminal.Clear()) +
                                           Render(view, session.style()));
    if (shown != kAnswered || frame == frames ||
        !terminal.WaitForNext(absl::Seconds(arguments.interval_seconds))) {
      return shown;
    }
  }
}

}  // namespace

void AddTop(CLI::App* app, Command* chosen) {
  const auto arguments = std::make_shared<TopArguments>();
  CLI::App* const command = AddCommand(
      app, chosen, "top",
      "The node, live; q ends it; without a terminal one frame",
      [=](const Session& session) { return Top(session, *arguments); });
  command
      ->add_option("--interval", arguments->interval_seconds,
                   "Seconds between frames")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command
      ->add_option(
          "--frames", arguments->frames,
          "Frames to show; default: 1 without a terminal, else until q")
      ->check(CLI::PositiveNumber);
}

}  // namespace lb::lbctl
