// The contract suite of lb/io: tests that every implementation must pass.
//
// An implementation's test gives a harness and instantiates the suite:
//
//   INSTANTIATE_TEST_SUITE_P(Sim, IoContractTest,
//                            testing::Values(&MakeSimHarness));
//   INSTANTIATE_TEST_SUITE_P(Sim, StreamContractTest, ... the same ...);
#ifndef LB_IO_TESTING_IO_CONTRACT_H_
#define LB_IO_TESTING_IO_CONTRACT_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/loop.h"
#include "lb/io/state_store.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// What one of two nodes, which reach each other, has.
struct ContractNode {
  DatagramTransport* datagrams = nullptr;
  StreamTransport* streams = nullptr;
  StateStore* state = nullptr;
};

class ContractHarness {
 public:
  virtual ~ContractHarness() = default;

  virtual Loop* loop() = 0;
  // Runs the loop until `done` holds; false if it does not within `limit`.
  virtual bool RunUntil(absl::FunctionRef<bool()> done,
                        absl::Duration limit) = 0;
  virtual ContractNode first() = 0;
  virtual ContractNode second() = 0;
  // An address of the second node where no UDP or TCP port is open.
  virtual net::Endpoint closed_port() = 0;
};

class IoContractTest
    : public testing::TestWithParam<std::unique_ptr<ContractHarness> (*)()> {
 protected:
  IoContractTest() : harness_(GetParam()()) {}

  Loop* loop() { return harness_->loop(); }
  bool RunUntil(absl::FunctionRef<bool()> done) {
    return harness_->RunUntil(done, absl::Seconds(10));
  }
  // Runs everything that is due within `time`. By a timer: a machine that
  // stands still for longer than `time` does all of it afterwards.
  void RunFor(absl::Duration time) {
    bool over = false;
    const auto timer = loop()->NewTimer([&] { over = true; });
    timer->Arm(loop()->Now() + time);
    ASSERT_TRUE(RunUntil([&] { return over; }));
  }
  // Sees to it that everything posted until now has run.
  void RunPosted();

  std::unique_ptr<ContractHarness> harness_;
};

class StreamContractTest : public IoContractTest {
 protected:
  // One end of a stream, and what it heard.
  struct End {
    void Receive();

    std::unique_ptr<Stream> stream;
    std::string received;
    std::optional<absl::Status> closed;
  };

  // A connected pair; the first one receives at both ends.
  void ConnectPair();
  void ConnectPairSilently();

  End client_;
  End server_;
};

}  // namespace lb::io

#endif  // LB_IO_TESTING_IO_CONTRACT_H_
