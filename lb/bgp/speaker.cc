#include "lb/bgp/speaker.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_set.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"

namespace lb::bgp {
namespace {

absl::Status NoSuchPeer(std::string_view name) {
  return absl::NotFoundError(fmt::format("peer {}: there is none", name));
}

absl::Status TooManyRoutes(std::string_view name, size_t count) {
  return absl::ResourceExhaustedError(
      fmt::format("peer {}: {} routes over all peers, want at most {}", name,
                  count, Speaker::kRoutesMax));
}

// The same for the peer: it could not tell the two sessions apart.
bool SameEnds(const PeerOptions& one, const PeerOptions& other) {
  return one.source == other.source && one.endpoint() == other.endpoint() &&
         one.interface == other.interface;
}

// OK, or why the peer cannot have a session beside the others.
absl::Status CheckBeside(const PeerOptions& peer,
                         const std::vector<const PeerOptions*>& others) {
  for (const PeerOptions* const other : others) {
    if (other->name == peer.name) {
      return absl::InvalidArgumentError(
          fmt::format("peer {}: want each name once", peer.name));
    }
    if (SameEnds(*other, peer)) {
      return absl::InvalidArgumentError(fmt::format(
          "peer {}: {} is peer {} already, want another address, port or "
          "source",
          peer.name, peer.endpoint().ToString(), other->name));
    }
  }
  if (others.size() < Speaker::kPeersMax) return absl::OkStatus();
  return absl::ResourceExhaustedError(fmt::format(
      "peer {}: want at most {} peers", peer.name, Speaker::kPeersMax));
}

enum class Difference { kNone, kPassword, kOther };

Difference Compare(const PeerOptions& before, const PeerOptions& after) {
  if (before == after) return Difference::kNone;
  PeerOptions rekeyed = before;
  rekeyed.password = after.password;
  return rekeyed == after ? Difference::kPassword : Difference::kOther;
}

}  // namespace

Speaker::Speaker(const SpeakerOptions& options, const Prng& prng)
    : options_(options), prng_(prng) {}

std::vector<const PeerOptions*> Speaker::Select(
    const std::vector<PeerOptions>& peers, PeersChange& change) {
  std::vector<const PeerOptions*> selected;
  for (const PeerOptions& peer : peers) {
    const PeerOptions* chosen = &peer;
    absl::Status why = Validate(peer);
    if (!why.ok()) {
      const Peer* const known = FindPeer(peer.name);
      chosen = known == nullptr ? nullptr : &known->session->options();
    } else {
      why = CheckBeside(peer, selected);
    }
    if (!why.ok()) change.refused.push_back({peer.name, why});
    if (chosen != nullptr && CheckBeside(*chosen, selected).ok()) {
      selected.push_back(chosen);
    }
  }
  return selected;
}

PeersChange Speaker::SetPeers(absl::Time now,
                              const std::vector<PeerOptions>& peers) {
  PeersChange change;
  const std::vector<const PeerOptions*> selected = Select(peers, change);
  absl::btree_set<std::string> kept;
  for (const PeerOptions* const peer : selected) kept.insert(peer->name);
  // The gone ones first: a new name may have their address.
  for (auto it = peers_.begin(); it != peers_.end();) {
    if (kept.contains(it->first)) {
      ++it;
      continue;
    }
    change.removed.push_back(it->first);
    End(now, it->second, Session::Farewell::kWithdrawAndNotify,
        wire::Fault(wire::CeaseSubcode::kPeerDeconfigured));
    it = peers_.erase(it);
  }
  for (const PeerOptions* const peer : selected) Apply(now, *peer, change);
  for (auto* const list : {&change.added, &change.reset, &change.rekeyed}) {
    std::sort(list->begin(), list->end());
  }
  return change;
}

void Speaker::Apply(absl::Time now, const PeerOptions& options,
                    PeersChange& change) {
  const auto found = peers_.find(options.name);
  if (found == peers_.end()) {
    change.added.push_back(options.name);
    Add(now, options, std::make_unique<AdjRibOut>());
    return;
  }
  Peer& peer = found->second;
  switch (Compare(peer.session->options(), options)) {
    case Difference::kNone:
      return;
    case Difference::kPassword:
      change.rekeyed.push_back(options.name);
      peer.session->SetPassword(now, options.password);
      return;
    case Difference::kOther:
      change.reset.push_back(options.name);
      End(now, peer, Session::Farewell::kNotify,
          wire::Fault(wire::CeaseSubcode::kOtherConfigurationChange));
      std::unique_ptr<AdjRibOut> rib = std::move(peer.rib);
      peers_.erase(found);
      Add(now, options, std::move(rib));
      return;
  }
}

void Speaker::Add(absl::Time now, const PeerOptions& options,
                  std::unique_ptr<AdjRibOut> rib) {
  const SessionId id = ++last_id_;
  Peer peer = {.id = id, .rib = std::move(rib)};
  peer.session = std::make_unique<Session>(
      options, Session::Setup{.now = now,
                              .prng = prng_.Fork(fmt::format("{}", id)),
                              .node_name = options_.node_name,
                              .restart = options_.restart,
                              .rib = peer.rib.get()});
  if (in_batch_) peer.session->BeginBatch();
  sessions_[id] = peer.session.get();
  peers_.emplace(options.name, std::move(peer));
}

void Speaker::End(absl::Time now, Peer& peer, Session::Farewell farewell,
                  const wire::Notification& notification) {
  const std::string name = peer.session->options().name;
  peer.session->End(now, farewell, notification);
  Collect(now, name, peer);
  sessions_.erase(peer.id);
  peer.session = nullptr;
}

void Speaker::Collect(absl::Time now, const std::string& name, Peer& peer) {
  for (SessionOutput& output : peer.session->TakeOutgoing(now)) {
    outgoing_.push_back({peer.id, std::move(output)});
  }
  for (SessionNews& news : peer.session->TakeNews()) {
    news_.push_back({name, std::move(news)});
  }
}

Speaker::Peer* Speaker::FindPeer(std::string_view name) {
  const auto found = peers_.find(name);
  return found == peers_.end() ? nullptr : &found->second;
}

size_t Speaker::WantedOf(const Peer& peer) {
  return peer.rib->counts(net::IpFamily::kIpv4).wanted +
         peer.rib->counts(net::IpFamily::kIpv6).wanted;
}

size_t Speaker::Wanted() const {
  size_t count = 0;
  for (const auto& [name, peer] : peers_) count += WantedOf(peer);
  return count;
}

absl::Status Speaker::SetRoutes(std::string_view peer, const RouteSet& routes) {
  Peer* const found = FindPeer(peer);
  if (found == nullptr) return NoSuchPeer(peer);
  const size_t count = Wanted() - WantedOf(*found) + routes.size();
  if (count > kRoutesMax) return TooManyRoutes(peer, count);
  found->rib->Replace(routes);
  return absl::OkStatus();
}

absl::Status Speaker::ChangeRoutes(std::string_view peer,
                                   const RoutesChange& change) {
  Peer* const found = FindPeer(peer);
  if (found == nullptr) return NoSuchPeer(peer);
  for (const Route& route : change.set) {
    LB_RETURN_IF_ERROR(Validate(route.attributes));
  }
  // Some may be there already: the bound is a bit stricter then.
  const size_t count = Wanted() + change.set.size();
  if (count > kRoutesMax) return TooManyRoutes(peer, count);
  for (const net::IpPrefix& prefix : change.erased) found->rib->Erase(prefix);
  for (const Route& route : change.set) {
    Route normalized = route;
    normalized.attributes.Normalize();
    found->rib->Set(normalized);
  }
  return absl::OkStatus();
}

void Speaker::BeginBatch() {
  if (std::exchange(in_batch_, true)) return;
  for (const auto& [id, session] : sessions_) session->BeginBatch();
}

bool Speaker::EndBatch() {
  if (!std::exchange(in_batch_, false)) return false;
  for (const auto& [id, session] : sessions_) session->EndBatch();
  return true;
}

absl::Status Speaker::PeerFailed(absl::Time now, std::string_view peer) {
  Peer* const found = FindPeer(peer);
  if (found == nullptr) return NoSuchPeer(peer);
  found->session->Reset(now, wire::Fault(wire::CeaseSubcode::kBfdDown));
  return absl::OkStatus();
}

absl::Status Speaker::ResetPeer(absl::Time now, std::string_view peer,
                                std::string_view text) {
  Peer* const found = FindPeer(peer);
  if (found == nullptr) return NoSuchPeer(peer);
  found->session->Reset(
      now, wire::Shutdown(wire::CeaseSubcode::kAdministrativeReset, text));
  return absl::OkStatus();
}

void Speaker::Stop(absl::Time now, std::string_view text) {
  for (auto& [name, peer] : peers_) {
    End(now, peer, Session::Farewell::kWithdrawAndNotify,
        wire::Shutdown(wire::CeaseSubcode::kAdministrativeShutdown, text));
  }
  peers_.clear();
}

void Speaker::Leave(absl::Time now) {
  for (auto& [name, peer] : peers_) {
    peer.session->Leave(now);
    Collect(now, name, peer);
  }
  sessions_.clear();
  peers_.clear();
}

std::optional<SessionId> Speaker::FindListener(
    const net::IpAddress& peer,
    absl::Span<const std::string> interfaces) const {
  for (const auto& [id, session] : sessions_) {
    const PeerOptions& options = session->options();
    if (options.address != peer || options.opening == Opening::kDial) continue;
    if (!peer.is_link_local() || peer.is_ipv4() ||
        std::find(interfaces.begin(), interfaces.end(), options.interface) !=
            interfaces.end()) {
      return id;
    }
  }
  return std::nullopt;
}

Session* Speaker::Find(SessionId id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

std::vector<SessionId> Speaker::Sessions() const {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  return ids;
}

void Speaker::OnTimer(absl::Time now) {
  for (const auto& [id, session] : sessions_) session->OnTimer(now);
}

absl::Time Speaker::NextDeadline() const {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [id, session] : sessions_) {
    next = std::min(next, session->NextDeadline());
  }
  return next;
}

std::vector<SpeakerOutput> Speaker::TakeOutgoing(absl::Time now) {
  for (auto& [name, peer] : peers_) Collect(now, name, peer);
  return std::exchange(outgoing_, {});
}

std::vector<SpeakerNews> Speaker::TakeNews() {
  for (auto& [name, peer] : peers_) {
    for (SessionNews& news : peer.session->TakeNews()) {
      news_.push_back({name, std::move(news)});
    }
  }
  return std::exchange(news_, {});
}

std::vector<PeerStatus> Speaker::Snapshot() const {
  std::vector<PeerStatus> all;
  for (const auto& [name, peer] : peers_) all.push_back(peer.session->Status());
  return all;
}

}  // namespace lb::bgp
