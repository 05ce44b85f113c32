// StatusView's answers: what this node does by BGP, in pages.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "daemon/routing/routing.h"
#include "daemon/status_view/fill_page.h"
#include "daemon/status_view/page.h"
#include "daemon/status_view/status_view.h"
#include "daemon/status_view/timestamp.h"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using status::v1::Peer;
using status::v1::PeerError;

Peer::State StateOf(bgp::SessionState state) {
  switch (state) {
    case bgp::SessionState::kIdle:
      return Peer::IDLE;
    case bgp::SessionState::kConnect:
      return Peer::CONNECT;
    case bgp::SessionState::kActive:
      return Peer::ACTIVE;
    case bgp::SessionState::kOpenSent:
      return Peer::OPEN_SENT;
    case bgp::SessionState::kOpenConfirm:
      return Peer::OPEN_CONFIRM;
    case bgp::SessionState::kEstablished:
      return Peer::ESTABLISHED;
  }
  LB_UNREACHABLE();
}

PeerError::Origin OriginOf(bgp::SessionError::Origin origin) {
  switch (origin) {
    case bgp::SessionError::Origin::kUs:
      return PeerError::US;
    case bgp::SessionError::Origin::kPeer:
      return PeerError::PEER;
    case bgp::SessionError::Origin::kTcp:
      return PeerError::TCP;
  }
  LB_UNREACHABLE();
}

void Describe(const bgp::SessionError& error, absl::Time civil,
              PeerError* proto) {
  proto->set_origin(OriginOf(error.origin));
  if (error.notification) {
    proto->set_code(static_cast<uint8_t>(error.notification->code));
    proto->set_subcode(error.notification->subcode);
  }
  proto->set_text(error.text);
  SetTimestamp(civil, proto->mutable_time());
}

// How the router signs, if that may be why there is no connection.
void AddSignature(std::optional<bgp::SignatureSeen> seen, PeerError* proto) {
  const std::string_view wrong = seen ? Describe(*seen) : "";
  if (wrong.empty()) return;
  proto->set_text(fmt::format("{}; {}", proto->text(), wrong));
}

void Describe(const bgp::PeerCounters& counters,
              status::v1::PeerCounters* proto) {
  proto->set_opens_sent(counters.opens_sent);
  proto->set_opens_received(counters.opens_received);
  proto->set_updates_sent(counters.updates_sent);
  proto->set_updates_received(counters.updates_received);
  proto->set_keepalives_sent(counters.keepalives_sent);
  proto->set_keepalives_received(counters.keepalives_received);
  proto->set_notifications_sent(counters.notifications_sent);
  proto->set_notifications_received(counters.notifications_received);
  proto->set_route_refreshes_sent(counters.refreshes_sent);
  proto->set_route_refreshes_received(counters.refreshes_received);
  proto->set_prefixes_received(counters.prefixes_received);
  proto->set_times_established(counters.times_established);
}

void AddFamily(net::IpFamily family, const bgp::PeerStatus& status,
               Peer* proto) {
  const bgp::FamilyStatus& told = status.of_family[net::FamilyIndex(family)];
  auto* const added = proto->add_families();
  added->set_family(std::string(ToString(family)));
  added->set_advertised(told.advertised);
  added->set_pending(told.pending);
  added->set_held_back(told.held_back);
  if (told.reason != bgp::HoldBack::kNone) {
    added->set_held_back_for(std::string(ToString(told.reason)));
  }
}

void DescribeEstablished(const bgp::PeerStatus& status, Peer* proto) {
  proto->set_peer_asn(status.peer_asn.number);
  proto->set_local_address(status.local.ToString());
  proto->set_peer_router_id(
      net::IpAddress::Ipv4(status.peer_identifier).ToString());
  SetDuration(status.hold_time, proto->mutable_hold_time());
  AddFamily(net::IpFamily::kIpv4, status, proto);
  AddFamily(net::IpFamily::kIpv6, status, proto);
}

Peer DescribePeer(const NodeView& view, const bgp::PeerStatus& status) {
  Peer proto;
  proto.set_name(status.name);
  proto.set_state(StateOf(status.state));
  SetTimestamp(view.ToCivil(status.since), proto.mutable_since());
  if (status.state == bgp::SessionState::kEstablished) {
    DescribeEstablished(status, &proto);
  }
  if (status.last_error) {
    Describe(*status.last_error, view.ToCivil(status.last_error->at),
             proto.mutable_last_error());
    AddSignature(view.routing.SignatureOf(status.name),
                 proto.mutable_last_error());
  }
  if (status.next_dial != absl::InfiniteFuture()) {
    SetTimestamp(view.ToCivil(status.next_dial), proto.mutable_next_dial());
  }
  Describe(status.counters, proto.mutable_counters());
  return proto;
}

// All peers that the objects ask of this node, by name.
std::map<std::string, Peer> DescribePeers(const NodeView& view) {
  std::map<std::string, Peer> peers;
  for (const bgp::PeerStatus& status : view.routing.Peers()) {
    peers[status.name] = DescribePeer(view, status);
  }
  for (const auto& [name, why] : view.routing.refused()) {
    peers[name].set_name(name);
    peers[name].set_refused(why);
  }
  for (const auto& [name, waiting] : view.routing.plan().waiting) {
    peers[name].set_name(name);
    peers[name].set_interface(waiting.interface);
    peers[name].set_refused(waiting.why);
  }
  for (const bgp::PeerOptions& options : view.routing.plan().peers) {
    Peer& peer = peers[options.name];
    peer.set_name(options.name);
    peer.set_address(options.endpoint().ToString());
    peer.set_interface(options.interface);
    peer.set_own_asn(options.own_asn.number);
    if (peer.peer_asn() == 0) {
      peer.set_peer_asn(options.peer_as.asn.number);
    }
  }
  return peers;
}

// In the order of prefixes; their texts are not.
std::string KeyOf(const std::string& peer, const net::IpPrefix& prefix) {
  const auto bytes = prefix.address.ToMappedBytes();
  return fmt::format(
      "{} {}{}/{:03}", peer, prefix.address.is_ipv6() ? 6 : 4,
      absl::BytesToHexString(
          {reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
      prefix.length);
}

// As RFC 5880 and routers write it.
std::string StateText(bfd::State state) {
  switch (state) {
    case bfd::State::kAdminDown:
      return "AdminDown";
    case bfd::State::kDown:
      return "Down";
    case bfd::State::kInit:
      return "Init";
    case bfd::State::kUp:
      return "Up";
  }
  LB_UNREACHABLE();
}

status::v1::BfdSession DescribeBfd(const NodeView& view,
                                   const bfd::SessionKey& key,
                                   const bfd::NodeSession& session) {
  const bfd::SessionStatus& status = session.status;
  status::v1::BfdSession proto;
  proto.set_session(key.ToString());
  const auto watched = view.routing.plan().watched.find(key);
  if (watched != view.routing.plan().watched.end()) {
    for (const std::string& peer : watched->second) proto.add_peers(peer);
  }
  proto.set_state(StateText(status.state));
  SetTimestamp(view.ToCivil(status.since), proto.mutable_since());
  proto.set_peer_state(StateText(status.peer_state));
  if (status.diagnostic != bfd::Diagnostic::kNone) {
    proto.set_diagnostic(std::string(ToString(status.diagnostic)));
  }
  if (status.peer_diagnostic != bfd::Diagnostic::kNone) {
    proto.set_peer_diagnostic(std::string(ToString(status.peer_diagnostic)));
  }
  if (status.transmit_interval != absl::InfiniteDuration()) {
    SetDuration(status.transmit_interval, proto.mutable_transmit_interval());
  }
  if (status.receive_interval > absl::ZeroDuration()) {
    SetDuration(status.receive_interval, proto.mutable_receive_interval());
  }
  if (status.detection_time > absl::ZeroDuration()) {
    SetDuration(status.detection_time, proto.mutable_detection_time());
  }
  if (!session.error.ok()) {
    proto.set_error(std::string(session.error.message()));
  }
  proto.set_packets_received(status.counters.control_packet_input);
  proto.set_packets_sent(status.counters.control_packet_output);
  proto.set_up_events(status.counters.session_up_events);
  proto.set_down_events(status.counters.session_down_events);
  return proto;
}

}  // namespace

absl::StatusOr<status::v1::ListPeersResponse> StatusView::ListPeers(
    const status::v1::ListPeersRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  status::v1::ListPeersResponse response;
  response.set_next_page_token(FillPage(
      DescribePeers(view_), page, [](const auto& peer) { return peer.first; },
      [](const auto& peer) { return peer.second; }, response.mutable_peers()));
  return response;
}

absl::StatusOr<status::v1::ListRoutesResponse> StatusView::ListRoutes(
    const status::v1::ListRoutesRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  status::v1::ListRoutesResponse response;
  bool any = false;
  for (const auto& [peer, asn] : view_.routing.planner().peers()) {
    if (!request.peer().empty() && request.peer() != peer) continue;
    any = true;
    for (const auto& [prefix, attributes] : view_.routing.RoutesTo(peer)) {
      const std::string key = KeyOf(peer, prefix);
      if (page.IsBefore(key)) continue;
      if (!page.HasRoom()) {
        response.set_next_page_token(page.NextToken());
        return response;
      }
      auto* const route = response.add_routes();
      route->set_peer(peer);
      route->set_prefix(prefix.ToString());
      route->set_attributes(attributes.ToString());
      page.Add(key, route->ByteSizeLong());
    }
  }
  if (!any && !request.peer().empty()) {
    return absl::NotFoundError(fmt::format(
        "peer {}: this node has none of that name", request.peer()));
  }
  return response;
}

absl::StatusOr<status::v1::ListBfdSessionsResponse> StatusView::ListBfdSessions(
    const status::v1::ListBfdSessionsRequest& request) const {
  LB_ASSIGN_OR_RETURN(Page page,
                      Page::Of(request.page_size(), request.page_token()));
  std::map<std::string, status::v1::BfdSession> sessions;
  for (const auto& [key, session] : view_.routing.BfdSessions()) {
    sessions[key.ToString()] = DescribeBfd(view_, key, session);
  }
  status::v1::ListBfdSessionsResponse response;
  response.set_next_page_token(FillPage(
      sessions, page, [](const auto& session) { return session.first; },
      [](const auto& session) { return session.second; },
      response.mutable_sessions()));
  return response;
}

}  // namespace lb
