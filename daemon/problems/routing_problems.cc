#include "daemon/problems/routing_problems.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "daemon/routing/routing.h"
#include "fmt/format.h"
#include "lb/base/utc_text.h"
#include "lb/net/ip_families.h"

namespace lb {
namespace {

// A session that starts, or whose router restarts, is no problem yet.
constexpr absl::Duration kDownMin = absl::Seconds(10);

std::string ObjectOf(const std::string& peer) { return "BGPPeer/" + peer; }

// What is to be done where TCP has no answer; completes "want ...".
std::string_view SilenceRemedyOf(bool has_password,
                                 std::optional<bgp::SignatureSeen> seen) {
  if (!seen) {
    return has_password ? "the peer in reach, this node allowed there, and the "
                          "same password on both ends: one that differs is "
                          "silence"
                        : "the peer in reach, this node allowed there, and no "
                          "password there: one that differs is silence";
  }
  if (*seen != bgp::SignatureSeen::kSame) {
    return "the same password on both ends, or none";
  }
  return has_password ? "this node allowed there: the router signs with the "
                        "same password"
                      : "this node allowed there: the router has no password "
                        "either";
}

// What an operator can do about the last error; completes "want ...".
std::string_view RemedyOf(const bgp::PeerStatus& status, bool has_password,
                          std::optional<bgp::SignatureSeen> seen) {
  using wire = bgp::wire::ErrorCode;
  const auto& error = status.last_error;
  if (!error || !error->notification) {
    return SilenceRemedyOf(has_password, seen);
  }
  if (error->notification->code == wire::kOpenMessage) {
    return "the AS numbers, identifiers and hold times of both ends to agree";
  }
  if (error->notification->code == wire::kHoldTimerExpired) {
    return "the path to the peer whole";
  }
  return "an Established session";
}

std::string PlaceOf(const bgp::PeerOptions& peer) {
  const std::string at = peer.endpoint().ToString();
  return peer.interface.empty() ? at
                                : fmt::format("{} on {}", at, peer.interface);
}

void AddDown(const NodeView& view, const bgp::PeerStatus& status,
             const bgp::PeerOptions& options, ProblemCollector& problems) {
  if (status.state == bgp::SessionState::kEstablished) return;
  const absl::Time since = view.routing.DownSince(status.name);
  if (view.now - since < kDownMin) return;
  const auto seen = view.routing.SignatureOf(status.name);
  const std::string_view signature = seen ? Describe(*seen) : "";
  problems.push_back(
      {ProblemKind::kPeer, ObjectOf(status.name),
       fmt::format("{}: {} is not Established since {} ({}){}{}{}{}, want {}",
                   ObjectOf(status.name), PlaceOf(options),
                   FormatUtc(view.ToCivil(since)), ToString(status.state),
                   status.last_error ? ": " : "",
                   status.last_error ? status.last_error->text : "",
                   signature.empty() ? "" : "; ", signature,
                   RemedyOf(status, !options.password.empty(), seen))});
}

void AddHeldBack(const bgp::PeerStatus& status, net::IpFamily family,
                 ProblemCollector& problems) {
  const bgp::FamilyStatus& told = status.of_family[net::FamilyIndex(family)];
  if (told.held_back == 0) return;
  const bool offered = told.reason != bgp::HoldBack::kFamilyNotOffered;
  problems.push_back(
      {ProblemKind::kPeer, ObjectOf(status.name),
       fmt::format("{}: {} routes of {} are not told: {}, want {}",
                   ObjectOf(status.name), told.held_back, ToString(family),
                   ToString(told.reason),
                   offered ? "an address of that family on the interface to "
                             "the peer"
                           : "the family activated for this neighbor at the "
                             "peer, and dualStackAddressFamily here if the "
                             "session is of the other family")});
}

// Peers of an interface: a router that is not found, and others beside it. And
// peers for which this node has an unfit label.
void AddSearches(const NodeView& view, ProblemCollector& problems) {
  for (const auto& [name, waiting] : view.routing.plan().waiting) {
    const absl::Time since = view.routing.DownSince(name);
    if (view.now - since < kDownMin) continue;
    problems.push_back(
        {ProblemKind::kPeer, ObjectOf(name),
         fmt::format("{}: has no session since {}: {}{}", ObjectOf(name),
                     FormatUtc(view.ToCivil(since)), waiting.why,
                     waiting.interface.empty()
                         ? ""
                         : ", want one router there that sends router "
                           "advertisements")});
  }
  for (const auto& [name, why] : view.routing.plan().doubts) {
    problems.push_back(
        {ProblemKind::kPeer, ObjectOf(name),
         fmt::format("{}: {}, want one: the session is with the first",
                     ObjectOf(name), why)});
  }
}

}  // namespace

void AddPeers(const NodeView& view, ProblemCollector& problems) {
  for (const auto& [name, why] : view.routing.refused()) {
    problems.push_back({ProblemKind::kPeer, ObjectOf(name),
                        fmt::format("{}: {}", ObjectOf(name), why)});
  }
  AddSearches(view, problems);
  std::map<std::string, const bgp::PeerOptions*> options;
  for (const bgp::PeerOptions& peer : view.routing.plan().peers) {
    options[peer.name] = &peer;
  }
  for (const bgp::PeerStatus& status : view.routing.Peers()) {
    const auto known = options.find(status.name);
    if (known == options.end()) continue;
    AddDown(view, status, *known->second, problems);
    if (status.state != bgp::SessionState::kEstablished) continue;
    AddHeldBack(status, net::IpFamily::kIpv4, problems);
    AddHeldBack(status, net::IpFamily::kIpv6, problems);
  }
}

void AddBfdSockets(const NodeView& view, ProblemCollector& problems) {
  for (const auto& [key, session] : view.routing.BfdSessions()) {
    if (session.error.ok()) continue;
    const std::string object = "BfdSession/" + key.ToString();
    problems.push_back(
        {ProblemKind::kPeer, object,
         fmt::format("{}: {}, want the port free: another program on this host "
                     "may run BFD",
                     object, std::string(session.error.message()))});
  }
}

void AddRoutes(const NodeView& view, ProblemCollector& problems) {
  for (const std::string& line : view.routing.planner().routes().problems()) {
    problems.push_back({ProblemKind::kRoute, "", line});
  }
}

}  // namespace lb
