// PosixEnvironment: the real world for one node.
//
//   LB_ASSIGN_OR_RETURN(auto world, PosixEnvironment::Create(
//       {.gossip = {address, 7946}, .state_folder = "/var/lib/lbd"}));
//   auto stop_on_signal = Signals::Create(
//       world->loop(), {SIGINT, SIGTERM}, [&](int) { world->Stop(); });
//   Node node(world->environment());  // The program's own class.
//   world->Run();
#ifndef LB_IO_POSIX_POSIX_ENVIRONMENT_H_
#define LB_IO_POSIX_POSIX_ENVIRONMENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/base/event_log.h"
#include "lb/base/prng.h"
#include "lb/io/environment.h"
#include "lb/io/posix/file_state_store.h"
#include "lb/io/posix/netlink_addresses.h"
#include "lb/io/posix/netlink_links.h"
#include "lb/io/posix/netlink_routes.h"
#include "lb/io/posix/pcap_frames.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/posix_sockets.h"
#include "lb/io/posix/thread_resolver.h"
#include "lb/net/endpoint.h"

namespace lb::io {

struct PosixEnvironmentOptions {
  // Where gossip's UDP and TCP are bound. Port 0: one that is free for both.
  net::Endpoint gossip;
  std::string state_folder;  // Empty: the environment has no state store.
  PosixLoopOptions loop;
};

// Fills `bytes` from the cryptographic generator; stops the process if it
// cannot.
void FillRandom(absl::Span<uint8_t> bytes);

// Environment::sysctl on this machine.
std::optional<int> ReadSysctl(const std::string& name);

class PosixEnvironment {
 public:
  // Binds and opens all of it. ResourceExhausted: no space for the state
  // folder. Unavailable: which could not be opened, and why.
  static absl::StatusOr<std::unique_ptr<PosixEnvironment>> Create(
      const PosixEnvironmentOptions& options);
  PosixEnvironment(const PosixEnvironment&) = delete;
  PosixEnvironment& operator=(const PosixEnvironment&) = delete;

  // What the node may touch; the same each time.
  const Environment& environment() const { return environment_; }
  PosixLoop* loop() { return loop_.get(); }

  // Runs the loop on this thread until Stop().
  void Run() { loop_->Run(); }
  // From any thread.
  void Stop() { loop_->Stop(); }

 private:
  explicit PosixEnvironment(const PosixLoopOptions& options)
      : loop_(std::make_unique<PosixLoop>(options)) {}

  absl::Status Bind(const net::Endpoint& gossip);
  void Assemble();

  // The loop is destroyed last.
  std::unique_ptr<PosixLoop> loop_;
  EventLog log_;
  PosixSockets sockets_{loop_.get()};
  std::unique_ptr<DatagramTransport> datagrams_;
  std::unique_ptr<StreamTransport> streams_;
  std::unique_ptr<PcapFrames> frames_;
  std::unique_ptr<NetlinkLinks> links_;
  std::unique_ptr<NetlinkRoutes> routes_;
  std::unique_ptr<NetlinkAddresses> installer_;
  std::unique_ptr<FileStateStore> state_;
  std::unique_ptr<ThreadResolver> resolver_;
  Environment environment_;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_POSIX_ENVIRONMENT_H_
