// CountedFrames: counts the ports that are opened, and can refuse them.
#ifndef LB_IO_TESTING_COUNTED_FRAMES_H_
#define LB_IO_TESTING_COUNTED_FRAMES_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lb/io/frame_transport.h"

namespace lb::io {

class CountedFrames : public FrameTransport {
 public:
  // `frames` outlives it.
  explicit CountedFrames(FrameTransport* frames) : frames_(frames) {}

  absl::StatusOr<std::unique_ptr<FramePort>> Open(
      const std::string& interface, const std::string& filter) override {
    if (refuses) return absl::PermissionDeniedError("no raw sockets here");
    ++opened;
    return frames_->Open(interface, filter);
  }

  bool refuses = false;
  int opened = 0;

 private:
  FrameTransport* const frames_;
};

}  // namespace lb::io

#endif  // LB_IO_TESTING_COUNTED_FRAMES_H_
