// FrameFilter: a compiled pcap-filter(7) expression, for frames in memory.
//
// The same language and compiler as on a real interface, but no interface.
#ifndef LB_IO_SIM_FRAME_FILTER_H_
#define LB_IO_SIM_FRAME_FILTER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

struct bpf_program;

namespace lb::io {

class FrameFilter {
 public:
  // InvalidArgument: the expression does not compile.
  static absl::StatusOr<FrameFilter> Compile(const std::string& expression);

  bool Matches(absl::Span<const uint8_t> frame) const;

 private:
  explicit FrameFilter(std::shared_ptr<bpf_program> program)
      : program_(std::move(program)) {}

  std::shared_ptr<bpf_program> program_;
};

}  // namespace lb::io

#endif  // LB_IO_SIM_FRAME_FILTER_H_
