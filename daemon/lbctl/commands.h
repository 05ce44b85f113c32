// lbctl's commands: a question, its answer printed, an exit status.
#ifndef LB_DAEMON_LBCTL_COMMANDS_H_
#define LB_DAEMON_LBCTL_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/lbctl/client.h"
#include "daemon/lbctl/name_hint.h"
#include "daemon/lbctl/render.h"

namespace lb::lbctl {

enum ExitStatus {
  kAnswered = 0,
  kNoAnswer = 1,    // Nobody there, not in time, or the node failed.
  kWrongUsage = 2,  // lbctl itself cannot use an argument or a file.
  kRefused = 3,     // The node says no: not found, not allowed, no sense.
  kFaults = 4,      // `check`, `doctor`: faults were found.
};

enum class Output { kTable, kWide, kJson, kYaml };

// What of an error to do next; empty: nothing helps.
std::string Advice(const grpc::Status& status, const std::string& server);

class Commands {
 public:
  struct EventRange {
    uint64_t after_sequence = 0;
    std::string since;
    bool follow = false;
  };
  struct TopOptions {
    double interval_seconds = 2;
    int frames = 0;  // 0: until it is ended, or one without a terminal.
  };

  Commands(ClientOptions server, Output output, bool colours)
      : server_(std::move(server)),
        output_(output),
        style_{.wide = output == Output::kWide, .colours = colours} {}

  ExitStatus Status();
  ExitStatus Services(const status::v1::ListServicesRequest& request);
  ExitStatus Pools(const status::v1::ListPoolsRequest& request);
  ExitStatus Members();
  ExitStatus Interfaces();
  // Of these kinds ("object-refused"); none: of all.
  ExitStatus Problems(const std::vector<std::string>& kinds);
  ExitStatus Events(const EventRange& range);
  // `since` as EventRange has it; empty: whenever.
  ExitStatus History(status::v1::ListAnnouncementsRequest request,
                     const std::string& since);
  // `what` is "namespace/name", or an address that a service holds.
  ExitStatus Explain(const std::string& what);
  ExitStatus WhatIf(const std::vector<std::string>& without,
                    const std::vector<std::string>& with);
  ExitStatus Top(const TopOptions& options);

  ExitStatus Drain();
  ExitStatus Undrain();
  ExitStatus Reload();
  // `what` is "namespace/name", or an address.
  ExitStatus Release(const std::string& what);
  ExitStatus SetLogLevel(const std::string& level);
  // `step` is "add", "use" or "remove".
  ExitStatus RotateKey(const std::string& step, const std::string& secret_file,
                       const std::string& derivation);

  // A new secret of a cluster, into a file that is not there yet; empty: to
  // standard output. Asks no node.
  ExitStatus NewSecret(const std::string& file);
  // Manifests, here and without a node.
  ExitStatus Check(const std::vector<std::string>& paths);
  // This host, for an lbd with the options file `config`; without a node. It is
  // looked for at `server`; empty: where the options say.
  ExitStatus Doctor(const std::string& config, const std::string& server);

 private:
  // Connects, calls `ask` with the client and an answer, prints the answer.
  template <typename Response, typename Ask>
  ExitStatus Run(Ask ask, const NameHint& hint = {});
  template <typename Message>
  ExitStatus Print(const Message& message) const;
  // kNoAnswer: standard output takes no more.
  ExitStatus Write(const std::string& text) const;
  bool IsForPeople() const {
    return output_ == Output::kTable || output_ == Output::kWide;
  }
  // `hint` stands for the advice.
  ExitStatus Fail(const grpc::Status& status,
                  const std::string& hint = "") const;
  ExitStatus Fail(const absl::Status& status) const;

  const ClientOptions server_;
  const Output output_;
  const Style style_;
};

}  // namespace lb::lbctl

#endif  // LB_DAEMON_LBCTL_COMMANDS_H_
