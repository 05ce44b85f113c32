// RouteRefresh: a peer asks for all routes of a family again (RFC 2918), or
// marks where the answer begins and ends (RFC 7313).
//
// Pure: any thread.
#ifndef LB_BGP_WIRE_ROUTE_REFRESH_H_
#define LB_BGP_WIRE_ROUTE_REFRESH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/notification.h"
#include "lb/net/ip_address.h"

namespace lb::bgp::wire {

enum class RefreshKind : uint8_t {
  kRequest = 0,
  kBegin = 1,  // BoRR
  kEnd = 2,    // EoRR
  kUnknown,    // any other subtype: ignored by RFC 7313
};

struct RouteRefresh {
  RefreshKind kind{};
  // None: a family that lb/bgp lacks.
  std::optional<net::IpFamily> family;

  friend bool operator==(const RouteRefresh&, const RouteRefresh&) = default;
};

// A whole message. `kind` is not kUnknown.
std::vector<uint8_t> EncodeRouteRefresh(RefreshKind kind, net::IpFamily family);

// `message` has the type kRouteRefresh. Faults: 7/1 with the whole message if a
// BoRR or EoRR has the wrong length; 1/2 with the length if a request is too
// short. A request may carry filters (RFC 5291) behind; they are ignored.
Result<RouteRefresh> ParseRouteRefresh(const Message& message);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_ROUTE_REFRESH_H_
