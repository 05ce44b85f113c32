// The contract suite of DatagramFactory and StreamFactory: what each socket
// option does.
//
//   INSTANTIATE_TEST_SUITE_P(Sim, SocketContractTest,
//                            testing::Values(&MakeSimSockets));
#ifndef LB_IO_TESTING_SOCKET_CONTRACT_H_
#define LB_IO_TESTING_SOCKET_CONTRACT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/io/datagram_transport.h"
#include "lb/io/loop.h"
#include "lb/io/socket_options.h"
#include "lb/io/stream_transport.h"
#include "lb/net/endpoint.h"

namespace lb::io {

// One of two nodes that reach each other.
struct SocketNode {
  DatagramFactory* datagrams = nullptr;
  StreamFactory* streams = nullptr;
  net::IpAddress address;
};

class SocketHarness {
 public:
  virtual ~SocketHarness() = default;

  virtual Loop* loop() = 0;
  // Runs the loop until `done` holds; false if it does not within `limit`.
  virtual bool RunUntil(absl::FunctionRef<bool()> done,
                        absl::Duration limit) = 0;
  virtual SocketNode first() = 0;
  virtual SocketNode second() = 0;
  // The interface between the two.
  virtual std::string interface() = 0;
  // One that is not between them. Empty: the host has none.
  virtual std::string other_interface() = 0;
};

class SocketContractTest
    : public testing::TestWithParam<std::unique_ptr<SocketHarness> (*)()> {
 protected:
  SocketContractTest() : harness_(GetParam()()) {}

  net::Endpoint FirstAt(uint16_t port) const { return {one_.address, port}; }
  net::Endpoint SecondAt(uint16_t port) const { return {two_.address, port}; }
  bool RunUntil(absl::FunctionRef<bool()> done);
  void RunFor(absl::Duration time);

  // A datagram with that text leaves a new socket of the first node.
  void SendWith(const SocketOptions& options, const net::Endpoint& to,
                const std::string& text);
  // Notes the texts that come, each with the name.
  void Listen(DatagramTransport* socket, const std::string& name);
  std::vector<std::string> heard_;

  // Dials from the first node to a listener of the second one. The answer, and
  // OK only if a byte comes over.
  absl::StatusCode Exchange(const StreamOptions& dialer,
                            const StreamOptions& listener);
  // The answer to one dial from the first node.
  absl::StatusCode Dial(const StreamOptions& options, const net::Endpoint& to);
  // Each signs what it exchanges with the other by `key`.
  StreamOptions SignedByFirst(const std::string& key) const;
  StreamOptions SignedBySecond(const std::string& key) const;
  bool HasMd5Keys();

  const std::unique_ptr<SocketHarness> harness_;
  const SocketNode one_ = harness_->first();
  const SocketNode two_ = harness_->second();
};

}  // namespace lb::io

#endif  // LB_IO_TESTING_SOCKET_CONTRACT_H_
