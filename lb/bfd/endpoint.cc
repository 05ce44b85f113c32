#include "lb/bfd/endpoint.h"

#include <algorithm>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/bfd/timing.h"

namespace lb::bfd {
namespace {

// What the bytes do not show. `session` is the packet's.
Verdict JudgeWay(const ReceivedPacket& received, const SessionKey& key,
                 const SessionOptions& options) {
  if (key.hops != received.way.hops) return Verdict::kWrongPort;
  if (!key.interface.empty() && key.interface != received.way.interface) {
    return Verdict::kWrongInterface;
  }
  const int least = key.hops == Hops::kSingle ? kBfdTtl : options.minimum_ttl;
  return received.ttl < least ? Verdict::kLowTtl : Verdict::kAccepted;
}

}  // namespace

absl::Status Endpoint::SetSessions(absl::Time now, const Sessions& wanted) {
  if (wanted.size() > kSessionsMax) {
    return absl::ResourceExhaustedError(fmt::format(
        "bfd sessions: {}, want at most {}", wanted.size(), kSessionsMax));
  }
  for (const auto& [key, options] : wanted) {
    LB_RETURN_IF_ERROR(Validate(key, options));
  }
  for (auto& [discriminator, entry] : entries_) {
    if (!wanted.contains(entry.key)) Leave(now, entry);
  }
  for (const auto& [key, options] : wanted) Keep(now, key, options);
  BoundLeaving();
  return absl::OkStatus();
}

void Endpoint::Keep(absl::Time now, const SessionKey& key,
                    const SessionOptions& options) {
  uint32_t discriminator = demultiplexer_.Of(key);
  if (discriminator == 0) {
    discriminator = NewDiscriminator();
    demultiplexer_.Add(key, discriminator);
    Session session(options, discriminator,
                    prng_.Fork(fmt::format("session {}", discriminator)), now);
    entries_.emplace(discriminator, Entry{key, std::move(session)});
  }
  Entry& entry = entries_.at(discriminator);
  entry.leaves_at = absl::InfiniteFuture();
  entry.session.SetOptions(now, options);
  Settle(entry);
}

void Endpoint::Leave(absl::Time now, Entry& entry) {
  if (entry.leaves_at != absl::InfiniteFuture()) return;
  SessionOptions options = entry.session.options();
  options.admin_down = true;
  entry.session.SetOptions(now, options);
  // The peer's detection time from now on.
  const absl::Duration interval =
      std::max(options.desired_min_tx, kSlowInterval);
  entry.leaves_at = now + options.detect_multiplier * interval;
  Settle(entry);
}

void Endpoint::BoundLeaving() {
  size_t leaving = 0;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const bool leaves = it->second.leaves_at != absl::InfiniteFuture();
    if (leaves && ++leaving > kSessionsMax) {
      it = Forget(it);
    } else {
      ++it;
    }
  }
}

Endpoint::Entries::iterator Endpoint::Forget(Entries::iterator entry) {
  demultiplexer_.Remove(entry->second.key);
  deadlines_.erase({entry->second.deadline, entry->first});
  return entries_.erase(entry);
}

// Random, so that packets to an earlier run of this node name no session.
uint32_t Endpoint::NewDiscriminator() {
  uint32_t discriminator = 0;
  do {
    discriminator = static_cast<uint32_t>(prng_.Next());
  } while (discriminator == 0 || entries_.contains(discriminator));
  return discriminator;
}

Verdict Endpoint::OnDatagram(absl::Time now, const ReceivedPacket& received) {
  const Verdict verdict = Judge(now, received);
  verdicts_.Count(verdict);
  return verdict;
}

Verdict Endpoint::Judge(absl::Time now, const ReceivedPacket& received) {
  // A flood from afar costs nothing more.
  if (received.way.hops == Hops::kSingle && received.ttl < kBfdTtl) {
    return Verdict::kLowTtl;
  }
  const ParsedPacket parsed = ParseControlPacket(received.payload);
  if (parsed.verdict != Verdict::kAccepted) return parsed.verdict;
  const uint32_t named = parsed.packet.your_discriminator;
  const auto found =
      entries_.find(named != 0 ? named : demultiplexer_.Find(received.way));
  if (found == entries_.end()) {
    return named != 0 ? Verdict::kUnknownDiscriminator : Verdict::kUnknownPeer;
  }
  Entry& entry = found->second;
  const Verdict verdict =
      JudgeWay(received, entry.key, entry.session.options());
  if (verdict != Verdict::kAccepted) return verdict;
  entry.session.OnPacket(now, std::min(received.arrived, now), parsed.packet);
  Settle(entry);
  return Verdict::kAccepted;
}

void Endpoint::OnTimer(absl::Time now) {
  // A session's next deadline is later than now: this ends.
  while (NextDeadline() <= now) {
    const auto found = entries_.find(deadlines_.begin()->second);
    LB_CHECK(found != entries_.end());
    if (found->second.leaves_at <= now) {
      Forget(found);
      continue;
    }
    found->second.session.OnTimer(now);
    Settle(found->second);
  }
}

absl::Time Endpoint::NextDeadline() const {
  return deadlines_.empty() ? absl::InfiniteFuture()
                            : deadlines_.begin()->first;
}

bool Endpoint::HasSilentPeer(absl::Time now) const {
  for (const auto& [deadline, discriminator] : deadlines_) {
    if (deadline > now) return false;
    if (entries_.at(discriminator).session.silent_at() <= now) return true;
  }
  return false;
}

void Endpoint::Settle(Entry& entry) {
  for (const ControlPacket& packet : entry.session.TakeOutgoing()) {
    if (outgoing_.size() >= kOutgoingMax) {
      ++packets_dropped_;
      continue;
    }
    outgoing_.push_back({entry.key, SerializeControlPacket(packet)});
  }
  for (const SessionChange change : entry.session.TakeChanges()) {
    events_.push_back({entry.key, change, entry.session.diagnostic()});
  }
  const uint32_t discriminator = entry.session.discriminator();
  const absl::Time deadline =
      std::min(entry.session.NextDeadline(), entry.leaves_at);
  if (deadline == entry.deadline) return;
  deadlines_.erase({entry.deadline, discriminator});
  entry.deadline = deadline;
  if (deadline == absl::InfiniteFuture()) return;
  deadlines_.emplace(deadline, discriminator);
}

absl::btree_map<SessionKey, SessionStatus> Endpoint::Statuses() const {
  absl::btree_map<SessionKey, SessionStatus> statuses;
  for (const auto& [discriminator, entry] : entries_) {
    if (entry.leaves_at != absl::InfiniteFuture()) continue;
    statuses.emplace(entry.key, entry.session.status());
  }
  return statuses;
}

absl::btree_set<SessionKey> Endpoint::SendingKeys() const {
  absl::btree_set<SessionKey> keys;
  for (const auto& [key, discriminator] : demultiplexer_.all()) {
    keys.insert(key);
  }
  return keys;
}

}  // namespace lb::bfd
