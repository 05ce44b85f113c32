#include "daemon/agent/gossip_presence.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/advertise/last_address.h"
#include "daemon/members/node_metadata.h"
#include "lb/base/status_macros.h"
#include "lb/gossip/ports.h"

namespace lb {
namespace {

AdvertiseOptions AdvertiseOptionsOf(const AgentOptions& options) {
  return {.endpoint = options.advertise,
          .seeds = JoinAddressesOf(options),
          .exclude = options.interfaces.exclude};
}

}  // namespace

GossipPresence::GossipPresence(const AgentOptions& options,
                               const io::Environment& environment)
    : node_(options.node),
      environment_(environment),
      advertised_(AdvertiseOptionsOf(options), environment) {}

absl::StatusOr<std::unique_ptr<GossipPresence>> GossipPresence::Create(
    const AgentOptions& options, const io::Environment& environment) {
  auto presence =
      std::unique_ptr<GossipPresence>(new GossipPresence(options, environment));
  gossip::NodeIdentity self{.name = options.node,
                            .endpoint = presence->advertised_.endpoint(),
                            .meta = SerializeNodeMetadata({})};
  const auto last = ReadLastAddress(environment);
  if (last.has_value() && *last != self.endpoint) self.former = {*last};
  const auto ports = gossip::Ports::From(environment);
  LB_ASSIGN_OR_RETURN(
      presence->gossip_,
      gossip::GossipNode::Create({.self = std::move(self),
                                  .gossip = options.gossip,
                                  .codec = {.label = options.gossip_label},
                                  .keyring = options.keyring},
                                 ports));
  presence->seeds_ = std::make_unique<gossip::Seeds>(options.join, ports,
                                                     presence->gossip_.get());
  return presence;
}

void GossipPresence::SetPorts(Ports ports) {
  ports_ = std::move(ports);
  advertised_.SetObserver([this] { OnAdvertised(); });
  seeds_->SetObserver([this] { advertised_.SetSeeds(seeds_->Addresses()); });
}

void GossipPresence::OnAdvertised() {
  const net::Endpoint before = gossip_->self().endpoint;
  if (advertised_.endpoint() != before && !leaves_) {
    ports_.record(EventType::kNormal, "GossipAddressChanged",
                  fmt::format("gossip at {}, was {}", advertised_.ToString(),
                              before.ToString()));
    // It is never refused: an address that was chosen is specified.
    gossip_->MoveTo(advertised_.endpoint()).IgnoreError();
    seeds_->Join().IgnoreError();
  }
  NoteAddress();
  ports_.on_address();
}

void GossipPresence::NoteAddress() {
  KeepLastAddress(environment_, gossip_->self().endpoint);
  const std::string& fault = advertised_.fault();
  if (std::exchange(fault_, fault) == fault) return;
  if (fault.empty()) {
    ports_.record(EventType::kNormal, "GossipAddressFound",
                  "gossip at " + advertised_.ToString());
  } else {
    ports_.record(EventType::kWarning, "GossipAddressFault", fault);
  }
}

void GossipPresence::JoinAt(const std::vector<net::Endpoint>& endpoints) {
  std::set<net::Endpoint> known = {gossip_->self().endpoint};
  for (const gossip::Member& member : gossip_->Members()) {
    if (member.is_up()) known.insert(member.endpoint);
  }
  std::vector<net::Endpoint> missing;
  for (const net::Endpoint& endpoint : endpoints) {
    if (!known.contains(endpoint)) missing.push_back(endpoint);
  }
  if (!missing.empty()) gossip_->Join(missing).IgnoreError();
}

absl::Status GossipPresence::Join() {
  absl::Status joined = seeds_->Join();
  std::vector<net::Endpoint> members;
  for (const gossip::Member& member : gossip_->Members()) {
    if (member.verified && member.name != node_) {
      members.push_back(member.endpoint);
    }
  }
  if (!members.empty()) joined.Update(gossip_->Join(members));
  return joined;
}

bool GossipPresence::HearsOthers() const {
  const auto heard = gossip_->VerifiedMembers();
  return std::any_of(heard.begin(), heard.end(),
                     [&](const auto& member) { return member.name != node_; });
}

}  // namespace lb
