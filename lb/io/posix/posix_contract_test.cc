// The contract suite on lb/io/posix, over 127.0.0.1.
#include <memory>
#include <string>

#include "lb/base/check.h"
#include "lb/io/posix/file_state_store.h"
#include "lb/io/posix/posix_loop.h"
#include "lb/io/posix/tcp_transport.h"
#include "lb/io/posix/udp_transport.h"
#include "lb/io/testing/io_contract.h"
#include "lb/io/testing/temporary_folder.h"

namespace lb::io {
namespace {

const net::Endpoint kLoopback = {net::IpAddress::Ipv4(0x7f000001), 0};

template <typename T>
std::unique_ptr<T> Take(absl::StatusOr<std::unique_ptr<T>> made) {
  LB_CHECK(made.ok());
  return *std::move(made);
}

class PosixNode {
 public:
  explicit PosixNode(PosixLoop* loop)
      : datagrams_(Take(UdpTransport::Create(loop, kLoopback))),
        streams_(Take(TcpTransport::Create(loop, kLoopback))),
        state_(Take(FileStateStore::Create(loop, folder_.path()))) {}

  ContractNode node() {
    return {datagrams_.get(), streams_.get(), state_.get()};
  }

 private:
  const TemporaryFolder folder_;
  const std::unique_ptr<UdpTransport> datagrams_;
  const std::unique_ptr<TcpTransport> streams_;
  const std::unique_ptr<FileStateStore> state_;
};

class PosixHarness final : public ContractHarness {
 public:
  // A port that was just given back is not given out again soon.
  PosixHarness() : closed_port_(ClosedPort(&loop_)) {}

  Loop* loop() override { return &loop_; }
  bool RunUntil(absl::FunctionRef<bool()> done, absl::Duration limit) override {
    return loop_.RunUntil(done, limit);
  }
  ContractNode first() override { return first_.node(); }
  ContractNode second() override { return second_.node(); }
  net::Endpoint closed_port() override { return closed_port_; }

 private:
  static net::Endpoint ClosedPort(PosixLoop* loop) {
    return Take(TcpTransport::Create(loop, kLoopback))->local();
  }

  PosixLoop loop_;
  PosixNode first_{&loop_};
  PosixNode second_{&loop_};
  const net::Endpoint closed_port_;
};

std::unique_ptr<ContractHarness> MakePosixHarness() {
  return std::make_unique<PosixHarness>();
}

INSTANTIATE_TEST_SUITE_P(Posix, IoContractTest,
                         testing::Values(&MakePosixHarness));
INSTANTIATE_TEST_SUITE_P(Posix, StreamContractTest,
                         testing::Values(&MakePosixHarness));

}  // namespace
}  // namespace lb::io
