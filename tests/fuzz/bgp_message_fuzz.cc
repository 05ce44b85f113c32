// Any bytes as the body of a BGP message, whose type the first byte picks. An
// OPEN that parses encodes to one that parses to the same; every other answer
// is a NOTIFICATION that can be sent, with a bounded text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/open_codec.h"
#include "lb/bgp/wire/route_refresh.h"
#include "lb/bgp/wire/update_parser.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb::bgp::wire {
namespace {

using Bytes = absl::Span<const uint8_t>;

// A message, its copy in a NOTIFICATION, and that one's encoding.
constexpr int64_t kAllocatedMax = int64_t{32} * 1024;
constexpr size_t kTextMax = 2048;

void CheckFault(const Notification& fault) {
  LB_CHECK(EncodeNotification(fault).size() <= kMessageSizeMax);
  const std::string text = Text(fault);
  LB_CHECK(text.size() <= kTextMax);
  for (const char c : text) LB_CHECK(c >= 0x20 && c < 0x7f);
}

void ReadOpen(Bytes body) {
  const Result<Open> result = ParseOpen(body);
  if (const auto* fault = std::get_if<Notification>(&result)) {
    LB_CHECK(fault->code == ErrorCode::kOpenMessage);
    return CheckFault(*fault);
  }
  Open open = std::get<Open>(result);
  (void)open.asn();
  (void)open.families();
  if (open.capabilities) {
    // What is read and never sent.
    open.capabilities->extended_message = false;
    open.capabilities->multiprotocol = !open.capabilities->families.empty();
  }
  const std::vector<uint8_t> bytes = EncodeOpen(open);
  const auto again = ParseOpen(Bytes(bytes).subspan(kHeaderSize));
  LB_CHECK(std::get<Open>(again) == open);
}

void ReadUpdate(Bytes body, const ParseContext& context) {
  const auto result = ParseUpdate(body, context);
  if (const auto* fault = std::get_if<Notification>(&result)) {
    LB_CHECK(fault->code == ErrorCode::kUpdateMessage);
    return CheckFault(*fault);
  }
  const auto& update = std::get<ReceivedUpdate>(result);
  const size_t prefixes = update.ipv4.announced + update.ipv4.withdrawn +
                          update.ipv6.announced + update.ipv6.withdrawn;
  LB_CHECK(prefixes <= body.size());  // each has a byte of its own
  LB_CHECK(!update.end_of_rib || prefixes == 0);
  LB_CHECK(update.fault.empty() == (update.verdict == UpdateVerdict::kFine));
  LB_CHECK(update.fault.size() < 200);
}

void ReadRefresh(Bytes body) {
  const std::vector<uint8_t> bytes =
      EncodeMessage(MessageType::kRouteRefresh, body);
  const auto result = ParseRouteRefresh({MessageType::kRouteRefresh, bytes});
  if (const auto* fault = std::get_if<Notification>(&result)) {
    return CheckFault(*fault);
  }
}

void ReadNotification(Bytes body) {
  const Notification notification = ParseNotification(body);
  CheckFault(notification);
  if (body.size() < 2) return;
  LB_CHECK(EncodeNotification(notification) ==
           EncodeMessage(MessageType::kNotification, body));
}

void Read(uint8_t type, Bytes body) {
  const fuzz::AllocationBound bound(kAllocatedMax);
  switch (type % 4) {
    case 0:
      return ReadOpen(body);
    case 1:
      for (const bool four_octets : {false, true}) {
        ReadUpdate(body, {.internal = false, .four_octet_as = four_octets});
        ReadUpdate(body, {.internal = true, .four_octet_as = four_octets});
      }
      return;
    case 2:
      return ReadNotification(body);
    default:
      return ReadRefresh(body);
  }
}

}  // namespace
}  // namespace lb::bgp::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lb::bgp::wire;
  if (size == 0 || size > kMessageSizeMax - kHeaderSize) return 0;
  Read(data[0], Bytes(data, size).subspan(1));
  return 0;
}
