// Renders the answers about BGP and BFD.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "daemon/lbctl/format.h"
#include "daemon/lbctl/render.h"
#include "daemon/lbctl/table.h"

namespace lb::lbctl {
namespace {

using status::v1::Peer;

// Turns OPEN_CONFIRM into "OpenConfirm", as routers write it.
std::string StateName(Peer::State state) {
  std::string name;
  bool begins = true;
  for (const char c : Peer::State_Name(state)) {
    if (c != '_') name += begins ? c : absl::ascii_tolower(c);
    begins = c == '_';
  }
  return name.empty() ? "unknown" : name;  // From a newer server.
}

bool WaitsForRouter(const Peer& peer) {
  return !peer.interface().empty() && peer.address().empty();
}

// "[fe80::1]:179 on eth1"; "on eth1" as long as no router is found there.
std::string AddressText(const Peer& peer) {
  if (peer.interface().empty()) return peer.address();
  return fmt::format("{}{}on {}", peer.address(),
                     peer.address().empty() ? "" : " ", peer.interface());
}

Cell StateCell(const Peer& peer) {
  switch (peer.state()) {
    case Peer::ESTABLISHED:
      return {StateName(peer.state()), Colour::kGreen};
    case Peer::STATE_UNSPECIFIED:
      if (WaitsForRouter(peer)) return {"searching", Colour::kYellow};
      return {"refused", Colour::kRed};
    default:
      return {StateName(peer.state()), Colour::kYellow};
  }
}

// "3 IPv4, 2 IPv6 (1 pending)"; families without a route are left out.
std::string RoutesText(const Peer& peer) {
  std::vector<std::string> parts;
  for (const auto& family : peer.families()) {
    if (family.advertised() + family.pending() + family.held_back() == 0) {
      continue;
    }
    std::string part =
        fmt::format("{} {}", family.advertised(), family.family());
    if (family.pending() > 0)
      part += fmt::format(" ({} pending)", family.pending());
    if (family.held_back() > 0) {
      part += fmt::format(" ({} held back: {})", family.held_back(),
                          family.held_back_for());
    }
    parts.push_back(part);
  }
  return absl::StrJoin(parts, ", ");
}

std::string WhyText(const Peer& peer) {
  if (!peer.refused().empty()) return peer.refused();
  if (peer.state() == Peer::ESTABLISHED) return "";
  return peer.last_error().text();
}

std::string MillisText(const google::protobuf::Duration& duration) {
  return fmt::format("{} ms",
                     duration.seconds() * 1000 + duration.nanos() / 1'000'000);
}

}  // namespace

std::string Render(const status::v1::ListPeersResponse& peers,
                   const Style& style) {
  if (peers.peers().empty()) return "No BGP peers.\n";
  std::vector<std::string> header = {"PEER",  "ADDRESS", "AS", "STATE",
                                     "SINCE", "ROUTES",  "WHY"};
  if (style.wide) {
    header.insert(header.end(), {"LOCAL", "ROUTER ID", "HOLD", "SENT", "GOT"});
  }
  Table table(header);
  for (const Peer& peer : peers.peers()) {
    std::vector<Cell> cells = {
        peer.name(),
        AddressText(peer),
        peer.peer_asn() == 0 ? "" : fmt::format("{}", peer.peer_asn()),
        StateCell(peer),
        FormatTime(peer.since()),
        RoutesText(peer),
        WhyText(peer)};
    if (style.wide) {
      const auto& counters = peer.counters();
      cells.insert(cells.end(),
                   {peer.local_address(), peer.peer_router_id(),
                    peer.has_hold_time()
                        ? fmt::format("{} s", peer.hold_time().seconds())
                        : "",
                    fmt::format("{} updates", counters.updates_sent()),
                    fmt::format("{} updates", counters.updates_received())});
    }
    table.Add(std::move(cells));
  }
  return table.Print(style.colours);
}

std::string Render(const status::v1::ListRoutesResponse& routes,
                   const Style& style) {
  if (routes.routes().empty()) return "No routes.\n";
  Table table({"PEER", "PREFIX", "ATTRIBUTES"});
  for (const auto& route : routes.routes()) {
    table.Add({route.peer(), route.prefix(), route.attributes()});
  }
  return table.Print(style.colours);
}

std::string Render(const status::v1::ListBfdSessionsResponse& sessions,
                   const Style& style) {
  if (sessions.sessions().empty()) return "No BFD sessions.\n";
  Table table({"SESSION", "PEERS", "STATE", "SINCE", "SENDS EVERY",
               "DETECTS IN", "WHY"});
  for (const auto& session : sessions.sessions()) {
    const bool up = session.state() == "Up";
    table.Add(
        {session.session(), absl::StrJoin(session.peers(), ", "),
         Cell(session.state(), up ? Colour::kGreen : Colour::kRed),
         FormatTime(session.since()),
         session.has_transmit_interval()
             ? MillisText(session.transmit_interval())
             : "",
         session.has_detection_time() ? MillisText(session.detection_time())
                                      : "",
         session.error().empty() ? session.diagnostic() : session.error()});
  }
  return table.Print(style.colours);
}

}  // namespace lb::lbctl
