// StreamFramer: cuts the bytes of a TCP connection into BGP messages.
//
// It keeps only the message that is not whole yet, so 4,096 bytes at most. It
// checks the header: marker, type, and length against the bounds of the type.
// One thread. The bytes of a message are good until the next call.
//
//   absl::Span<const uint8_t> input = received;
//   while (const auto next = framer.Next(&input)) {
//     if (const auto* fault = std::get_if<wire::Notification>(&*next)) {
//       Send(wire::EncodeNotification(*fault));
//       break;
//     }
//     Apply(std::get<wire::Message>(*next));
//   }
#ifndef LB_BGP_WIRE_STREAM_FRAMER_H_
#define LB_BGP_WIRE_STREAM_FRAMER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/notification.h"

namespace lb::bgp::wire {

class StreamFramer {
 public:
  // Takes bytes off the front of `input` until one message is whole. None: the
  // input is used up. A Notification (RFC 4271, section 6.1): the header is
  // wrong, with 1/1 (marker), 1/2 and the length, or 1/3 and the type. The
  // stream has no boundaries after that: each later call gives the same fault
  // and takes nothing.
  //
  // The length of a ROUTE-REFRESH is ParseRouteRefresh()'s to judge.
  std::optional<Result<Message>> Next(absl::Span<const uint8_t>* input);

  // How many bytes of an unfinished message are kept.
  size_t buffered() const { return buffer_.size(); }

 private:
  // Moves bytes until the buffer has `size`; false if the input is too short.
  bool Fill(size_t size, absl::Span<const uint8_t>* input);

  std::vector<uint8_t> buffer_;
  bool given_ = false;  // the buffer has a message that was given out
  std::optional<Notification> fault_;
};

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_STREAM_FRAMER_H_
