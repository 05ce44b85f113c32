#include "lb/io/posix/posix_environment.h"

#include <openssl/rand.h>

#include <fstream>
#include <utility>

#include "lb/base/check.h"
#include "lb/base/status_macros.h"

namespace lb::io {
namespace {

// How many ports that are free for UDP are tried for TCP.
constexpr int kPortAttempts = 16;

uint64_t RandomSeed() {
  uint64_t seed = 0;
  FillRandom({reinterpret_cast<uint8_t*>(&seed), sizeof(seed)});
  return seed;
}

}  // namespace

void FillRandom(absl::Span<uint8_t> bytes) {
  LB_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
}

std::optional<int> ReadSysctl(const std::string& name) {
  std::ifstream file("/proc/sys/" + name);
  int value = 0;
  if (!(file >> value)) return std::nullopt;
  return value;
}

absl::StatusOr<std::unique_ptr<PosixEnvironment>> PosixEnvironment::Create(
    const PosixEnvironmentOptions& options) {
  std::unique_ptr<PosixEnvironment> made(new PosixEnvironment(options.loop));
  PosixLoop* const loop = made->loop();
  if (!options.state_folder.empty()) {
    LB_ASSIGN_OR_RETURN(made->state_,
                        FileStateStore::Create(loop, options.state_folder));
  }
  LB_RETURN_IF_ERROR(made->Bind(options.gossip));
  made->frames_ = std::make_unique<PcapFrames>(loop);
  LB_ASSIGN_OR_RETURN(made->links_, NetlinkLinks::Create(loop));
  LB_ASSIGN_OR_RETURN(made->routes_, NetlinkRoutes::Create(made->loop()));
  LB_ASSIGN_OR_RETURN(made->installer_, NetlinkAddresses::Create());
  made->resolver_ = std::make_unique<ThreadResolver>(loop);
  made->Assemble();
  return made;
}

absl::Status PosixEnvironment::Bind(const net::Endpoint& gossip) {
  absl::Status status;
  for (int n = 0; n < (gossip.port == 0 ? kPortAttempts : 1); ++n) {
    datagrams_ = nullptr;
    LB_ASSIGN_OR_RETURN(datagrams_, sockets_.Bind(gossip, {}));
    auto streams = sockets_.Listen(datagrams_->local(), {});
    status = streams.status();
    if (!status.ok()) continue;
    streams_ = *std::move(streams);
    break;
  }
  return status;
}

void PosixEnvironment::Assemble() {
  environment_ = {.loop = loop_.get(),
                  .datagrams = datagrams_.get(),
                  .streams = streams_.get(),
                  .datagram_factory = &sockets_,
                  .stream_factory = &sockets_,
                  .frames = frames_.get(),
                  .links = links_.get(),
                  .routes = routes_.get(),
                  .installer = installer_.get(),
                  .state = state_.get(),
                  .log = &log_,
                  .prng = Prng(RandomSeed()),
                  .random_bytes = &FillRandom,
                  .sysctl = &ReadSysctl,
                  .resolver = resolver_.get(),
                  .turns = &loop_->turns()};
}

}  // namespace lb::io
