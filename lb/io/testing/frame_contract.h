// The contract suite of FramePort's filters, for every FrameTransport.
//
// As io_contract.h, but apart: real frames need a network namespace.
//
//   INSTANTIATE_TEST_SUITE_P(Sim, FrameContractTest,
//                            testing::Values(&MakeSimFrames));
#ifndef LB_IO_TESTING_FRAME_CONTRACT_H_
#define LB_IO_TESTING_FRAME_CONTRACT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/io/frame_program.h"
#include "lb/io/frame_transport.h"

namespace lb::io {

class FrameHarness {
 public:
  virtual ~FrameHarness() = default;

  // Opens a port on either side of a cable.
  virtual std::unique_ptr<FramePort> OpenSender(const std::string& filter) = 0;
  virtual std::unique_ptr<FramePort> OpenReceiver(
      const std::string& filter) = 0;
  virtual bool RunUntil(absl::FunctionRef<bool()> done,
                        absl::Duration limit) = 0;
};

// Null: not possible here.
using MakeFrameHarness = std::unique_ptr<FrameHarness> (*)();

// A broadcast of a local experiment (IEEE 802), so that no kernel answers.
std::vector<uint8_t> MarkedFrame(uint8_t mark);
// Passes marked frames from `first` on.
FrameProgram MarksFrom(uint8_t first);

class FrameContractTest : public testing::TestWithParam<MakeFrameHarness> {
 protected:
  void SetUp() override;

  // The marks that come of sending `marks`; the last one always does.
  std::vector<uint8_t> Exchange(const std::vector<uint8_t>& marks);

  std::unique_ptr<FrameHarness> harness_;
  std::unique_ptr<FramePort> sender_;
  std::unique_ptr<FramePort> receiver_;
  std::vector<uint8_t> heard_;
};

}  // namespace lb::io

#endif  // LB_IO_TESTING_FRAME_CONTRACT_H_
