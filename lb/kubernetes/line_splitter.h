// LineSplitter: the lines of a stream of bytes, each of bounded length.
//
// A watch of Kubernetes is one JSON object in each line. The bytes come cut at
// any place; the splitter keeps what belongs to an unfinished line.
//
// No thread of its own; one user.
//
//   LineSplitter lines(/*bytes_max=*/1 << 20);
//   lines.Add("{}\n{", [](std::string_view line) { Use(line); });
#ifndef LB_KUBERNETES_LINE_SPLITTER_H_
#define LB_KUBERNETES_LINE_SPLITTER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace lb::kubernetes {

class LineSplitter {
 public:
  explicit LineSplitter(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Calls `on_line` with each line that `bytes` complete, without its end; an
  // empty one is left out. ResourceExhausted: a line has more than `bytes_max`
  // bytes. The lines before it came, and the splitter is of no more use.
  absl::Status Add(std::string_view bytes,
                   absl::FunctionRef<void(std::string_view line)> on_line);

  // The bytes of the unfinished line; never more than `bytes_max`.
  size_t pending() const { return partial_.size(); }

 private:
  size_t bytes_max_;
  std::string partial_;
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_LINE_SPLITTER_H_
