// A node with BFD sessions, in a process of its own, for tests and by hand.
//
//   bfd_peer single|multi INTERFACE|- REMOTE[@LOCAL]...
//
// It starts without sessions. Each line of stdin is a command, answered by one
// line "= REPLY":
//
//   set TX_MS RX_MS MULTIPLIER   all sessions, with these options
//   down                         the same sessions, administratively down
//   remove                       no session
//   status                       of the first one
//
// Lines that begin with "! " are events, with the civil time in nanoseconds:
// "! 1767225600000000000 10.0.0.1 peer_failed detection_expired".
#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "fmt/format.h"
#include "lb/base/prng.h"
#include "lb/base/status_macros.h"
#include "lb/bfd/bfd_node.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"

namespace lb::bfd {
namespace {

void Say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

uint64_t Seed() {
  uint64_t seed = 0;
  FILE* const file = std::fopen("/dev/urandom", "rb");
  if (file == nullptr) return seed;
  if (std::fread(&seed, sizeof(seed), 1, file) != 1) seed = 0;
  std::fclose(file);
  return seed;
}

class BfdPeer {
 public:
  explicit BfdPeer(std::vector<SessionKey> keys) : keys_(std::move(keys)) {
    node_.SetObserver([this](const SessionEvent& event) {
      Say(fmt::format("! {} {} {} {}", absl::ToUnixNanos(loop_.CivilNow()),
                      event.key.remote.ToString(), ToString(event.change),
                      ToString(event.diagnostic)));
    });
  }

  void Run() {
    Say("= ready");
    std::thread reader([this] {
      for (std::string line; std::getline(std::cin, line);) {
        loop_.Post([this, line] { Say("= " + Obey(line)); });
      }
      loop_.Stop();
    });
    loop_.Run();
    reader.join();
  }

 private:
  std::string Obey(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    if (words[0] == "status" && !keys_.empty()) return Status();
    if (words[0] == "remove") return Set({});
    if (words[0] == "down") {
      options_.admin_down = true;
      return Set(keys_);
    }
    int tx = 0;
    int rx = 0;
    int multiplier = 0;
    if (words.size() != 4 || words[0] != "set" ||
        !absl::SimpleAtoi(words[1], &tx) || !absl::SimpleAtoi(words[2], &rx) ||
        !absl::SimpleAtoi(words[3], &multiplier)) {
      return "want set TX_MS RX_MS MULTIPLIER, down, remove or status";
    }
    options_ = {.desired_min_tx = absl::Milliseconds(tx),
                .required_min_rx = absl::Milliseconds(rx),
                .detect_multiplier = multiplier,
                .minimum_ttl = 1};
    return Set(keys_);
  }

  std::string Set(const std::vector<SessionKey>& keys) {
    Endpoint::Sessions sessions;
    for (const SessionKey& key : keys) sessions[key] = options_;
    const absl::Status status = node_.SetSessions(sessions);
    return status.ok() ? "ok" : status.ToString();
  }

  std::string Status() {
    const auto sessions = node_.sessions();
    const auto found = sessions.find(keys_[0]);
    if (found == sessions.end()) return "none";
    const SessionStatus& status = found->second.status;
    return fmt::format(
        "{} {} peer {} tx {} rx {} detection {} in {} out {} refused {} {}",
        ToString(status.state), ToString(status.diagnostic),
        ToString(status.peer_state),
        absl::FormatDuration(status.transmit_interval),
        absl::FormatDuration(status.receive_interval),
        absl::FormatDuration(status.detection_time),
        status.counters.control_packet_input,
        status.counters.control_packet_output, Refused(),
        found->second.error.ToString());
  }

  uint64_t Refused() const {
    uint64_t refused = 0;
    for (size_t i = 1; i < kVerdictCount; ++i) {
      refused += node_.verdicts()[static_cast<Verdict>(i)];
    }
    return refused;
  }

  const std::vector<SessionKey> keys_;
  SessionOptions options_;
  io::PosixLoop loop_;
  io::PosixSockets sockets_{&loop_};
  BfdNode node_{
      {.loop = &loop_, .datagram_factory = &sockets_, .prng = Prng(Seed())}};
};

absl::Status Run(const std::vector<std::string>& arguments) {
  std::vector<SessionKey> keys;
  for (size_t i = 2; i < arguments.size(); ++i) {
    SessionKey key;
    key.hops = arguments[0] == "multi" ? Hops::kMulti : Hops::kSingle;
    if (arguments[1] != "-") key.interface = arguments[1];
    const std::vector<std::string> ends = absl::StrSplit(arguments[i], '@');
    LB_ASSIGN_OR_RETURN(key.remote, net::ParseIpAddress(ends[0]));
    if (ends.size() > 1) {
      LB_ASSIGN_OR_RETURN(key.local, net::ParseIpAddress(ends[1]));
    }
    keys.push_back(std::move(key));
  }
  BfdPeer(std::move(keys)).Run();
  return absl::OkStatus();
}

}  // namespace
}  // namespace lb::bfd

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "bfd_peer single|multi INTERFACE|- REMOTE[@LOCAL]...\n");
    return 2;
  }
  const absl::Status status = lb::bfd::Run({argv + 1, argv + argc});
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
