// A second decoder of what a connection says beside UPDATEs, for tests: the
// header of each message, and the OPEN.
//
// It shares no code with lb/bgp/wire, and what it cannot read is a fault in
// words. Receiver (receiver.h) has the UPDATEs.
#ifndef LB_BGP_TESTING_HEARD_MESSAGE_H_
#define LB_BGP_TESTING_HEARD_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "lb/net/ip_address.h"

namespace lb::bgp {

using HeardBytes = std::vector<uint8_t>;
using Faults = std::vector<std::string>;

// One message with its header, taken off the front of `stream`. None: it is not
// whole yet, or the header is wrong (a fault, and the stream is emptied).
std::optional<HeardBytes> TakeMessage(HeardBytes& stream, Faults& faults);

struct HeardOpen {
  int version = 0;
  int as_field = 0;
  int hold_seconds = 0;
  uint32_t identifier = 0;
  bool has_parameters = false;
  // By code; capability 1 comes once for each family.
  std::multimap<int, HeardBytes> capabilities;

  bool has(int code) const { return capabilities.contains(code); }
  // Capability 65 has it, else the field.
  uint32_t asn() const;
  bool offers(net::IpFamily family) const;
};

HeardOpen ReadOpen(const HeardBytes& message, Faults& faults);

}  // namespace lb::bgp

#endif  // LB_BGP_TESTING_HEARD_MESSAGE_H_
