// FrameFilter: a pcap-filter(7) expression or a FrameProgram, for frames in
// memory.
//
// The same language, compiler and machine as on a real interface, but no
// interface.
#ifndef LB_IO_SIM_FRAME_FILTER_H_
#define LB_IO_SIM_FRAME_FILTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "lb/io/frame_program.h"

struct bpf_program;

namespace lb::io {

class FrameFilter {
 public:
  // InvalidArgument: the expression does not compile.
  static absl::StatusOr<FrameFilter> Compile(const std::string& expression);

  // InvalidArgument: not a program, as FramePort::SetFilter() says.
  static absl::StatusOr<FrameFilter> Load(const FrameProgram& program);

  bool Matches(absl::Span<const uint8_t> frame) const;

 private:
  explicit FrameFilter(std::shared_ptr<const bpf_program> program)
      : program_(std::move(program)) {}

  std::shared_ptr<const bpf_program> program_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_FRAME_FILTER_H_
