// Any bytes as what a peer sends. However the stream is cut in two, the same
// messages come out, and no more than one message is kept.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/stream_framer.h"

namespace lb::bgp::wire {
namespace {

using Bytes = absl::Span<const uint8_t>;

struct Framed {
  std::vector<std::vector<uint8_t>> messages;
  std::optional<Notification> fault;

  friend bool operator==(const Framed&, const Framed&) = default;
};

void Frame(Bytes bytes, StreamFramer& framer, Framed& framed) {
  while (const auto next = framer.Next(&bytes)) {
    if (const auto* fault = std::get_if<Notification>(&*next)) {
      LB_CHECK(fault->code == ErrorCode::kMessageHeader);
      framed.fault = *fault;
      return;
    }
    const auto& message = std::get<Message>(*next);
    LB_CHECK(message.bytes.size() >= kHeaderSize);
    LB_CHECK(message.bytes.size() <= kMessageSizeMax);
    framed.messages.emplace_back(message.bytes.begin(), message.bytes.end());
  }
  LB_CHECK(bytes.empty());
  LB_CHECK(framer.buffered() <= kMessageSizeMax);
}

// `cut` is where the second part begins.
Framed FrameInTwo(Bytes bytes, size_t cut) {
  StreamFramer framer;
  Framed framed;
  Frame(bytes.first(cut), framer, framed);
  Frame(bytes.subspan(cut), framer, framed);
  return framed;
}

}  // namespace
}  // namespace lb::bgp::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lb::bgp::wire;
  if (size == 0) return 0;
  const Bytes bytes = Bytes(data, size).subspan(1);
  const size_t cut = bytes.size() * data[0] / 256;
  const Framed whole = FrameInTwo(bytes, 0);
  LB_CHECK(FrameInTwo(bytes, cut) == whole);
  // What came out is what went in, up to the fault.
  size_t at = 0;
  for (const std::vector<uint8_t>& message : whole.messages) {
    LB_CHECK(bytes.subspan(at, message.size()) == Bytes(message));
    at += message.size();
  }
  return 0;
}
