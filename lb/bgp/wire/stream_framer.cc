#include "lb/bgp/wire/stream_framer.h"

#include <algorithm>
#include <array>

#include "lb/base/check.h"
#include "lb/net/byte_reader.h"

namespace lb::bgp::wire {
namespace {

constexpr size_t kOpenSizeMin = 29;          // RFC 4271, section 4.2
constexpr size_t kUpdateSizeMin = 23;        // section 4.3
constexpr size_t kNotificationSizeMin = 21;  // section 4.5

bool FitsType(MessageType type, size_t size) {
  switch (type) {
    case MessageType::kOpen:
      return size >= kOpenSizeMin;
    case MessageType::kUpdate:
      return size >= kUpdateSizeMin;
    case MessageType::kNotification:
      return size >= kNotificationSizeMin;
    case MessageType::kKeepalive:
      return size == kHeaderSize;
    case MessageType::kRouteRefresh:
      return true;
  }
  LB_UNREACHABLE();
}

bool IsKnown(uint8_t type) {
  return type >= static_cast<uint8_t>(MessageType::kOpen) &&
         type <= static_cast<uint8_t>(MessageType::kRouteRefresh);
}

// RFC 4271, section 6.1, in its order.
std::optional<Notification> HeaderFault(absl::Span<const uint8_t> header) {
  net::ByteReader in(header);
  const absl::Span<const uint8_t> marker = in.Take(kMarkerSize);
  const uint16_t size = in.Uint16();
  const uint8_t type = in.Uint8();
  LB_CHECK(in.ok());
  if (!std::all_of(marker.begin(), marker.end(),
                   [](uint8_t byte) { return byte == 0xff; })) {
    return Fault(HeaderSubcode::kNotSynchronized);
  }
  const bool in_bounds = size >= kHeaderSize && size <= kMessageSizeMax;
  if (in_bounds && !IsKnown(type)) {
    return Fault(HeaderSubcode::kBadType, {type});
  }
  if (!in_bounds || !FitsType(static_cast<MessageType>(type), size)) {
    return Fault(HeaderSubcode::kBadLength,
                 header.subspan(kMarkerSize, sizeof(size)));
  }
  return std::nullopt;
}

}  // namespace

std::optional<Result<Message>> StreamFramer::Next(
    absl::Span<const uint8_t>* input) {
  if (fault_) return *fault_;
  if (given_) {
    buffer_.clear();
    given_ = false;
  }
  if (!Fill(kHeaderSize, input)) return std::nullopt;
  const absl::Span<const uint8_t> header =
      absl::MakeConstSpan(buffer_).first(kHeaderSize);
  if (fault_ = HeaderFault(header); fault_) {
    buffer_.clear();
    return *fault_;
  }
  net::ByteReader in(header.subspan(kMarkerSize));
  const size_t size = in.Uint16();
  const auto type = static_cast<MessageType>(in.Uint8());
  if (!Fill(size, input)) return std::nullopt;
  given_ = true;
  return Message{type, buffer_};
}

bool StreamFramer::Fill(size_t size, absl::Span<const uint8_t>* input) {
  if (buffer_.size() >= size) return true;
  const size_t count = std::min(size - buffer_.size(), input->size());
  buffer_.insert(buffer_.end(), input->begin(), input->begin() + count);
  input->remove_prefix(count);
  return buffer_.size() == size;
}

}  // namespace lb::bgp::wire
