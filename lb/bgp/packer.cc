#include "lb/bgp/packer.h"

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/bgp/wire/message.h"
#include "lb/bgp/wire/route_refresh.h"

namespace lb::bgp {
namespace {

using net::IpFamily;

constexpr IpFamily kFamilies[] = {IpFamily::kIpv4, IpFamily::kIpv6};

// More than one message carries, but for prefixes shorter than /8.
constexpr size_t kPrefixesMax = 2048;
// Fewer than any message has room for: 17 bytes for each, beside the longest
// attributes.
constexpr size_t kPrefixesOfFullMin = 128;

// Was a message that was made of `owed`, and left `rest`, full?
bool IsFull(absl::Span<const net::IpPrefix> owed,
            absl::Span<const net::IpPrefix> rest) {
  return !rest.empty() || owed.size() == kPrefixesMax;
}

bool Includes(const net::IpFamilies& families, IpFamily family) {
  return family == IpFamily::kIpv4 ? families.ipv4 : families.ipv6;
}

}  // namespace

std::string_view ToString(HoldBack reason) {
  switch (reason) {
    case HoldBack::kNone:
      return "";
    case HoldBack::kNoSession:
      return "no session";
    case HoldBack::kFamilyNotOffered:
      return "the peer does not take the family";
    case HoldBack::kNoNextHop:
      return "no next hop of the family";
  }
  LB_UNREACHABLE();
}

void Packer::Start(const SessionTerms& terms) {
  terms_ = terms;
  for (const IpFamily family : kFamilies) {
    Family& state = of(family);
    LB_CHECK(state.hold_back == HoldBack::kNoSession);
    if (!Includes(terms.families, family)) {
      state.hold_back = HoldBack::kFamilyNotOffered;
      continue;
    }
    // Without a next hop the first table is empty, and its end is said too: a
    // peer that restarts waits for it.
    state.phase = Phase::kFirstTable;
    state.hold_back = HoldBack::kNoNextHop;
    if (terms.context.next_hops.of(family)) Open(family);
  }
}

void Packer::Open(IpFamily family) {
  of(family).hold_back = HoldBack::kNone;
  rib_->Open(family);
}

void Packer::Stop() {
  families_ = {};
  rib_->Forget();
}

void Packer::SetNextHops(const wire::NextHops& next_hops) {
  const wire::NextHops before = terms_.context.next_hops;
  terms_.context.next_hops = next_hops;
  for (const IpFamily family : kFamilies) {
    if (of(family).phase == Phase::kClosed) continue;
    if (before.of(family) == next_hops.of(family)) continue;
    if (!before.of(family)) {
      Open(family);
    } else if (next_hops.of(family)) {
      rib_->Resend(family);
    } else {
      of(family).hold_back = HoldBack::kNoNextHop;
      rib_->Close(family);
    }
  }
}

void Packer::Refresh(IpFamily family) {
  Family& state = of(family);
  switch (state.phase) {
    case Phase::kClosed:
    case Phase::kRefreshDue:
      return;
    case Phase::kSteady:
      state.phase = Phase::kRefreshDue;
      return;
    case Phase::kFirstTable:
    case Phase::kRefreshing:
      state.refresh_again = true;
      return;
  }
  LB_UNREACHABLE();
}

Packer::Packed Packer::Take(size_t bytes_max, Messages which) {
  Packed packed;
  while (packed.bytes.size() + wire::kMessageSizeMax <= bytes_max) {
    if (PackOne(which, packed)) continue;
    packed.waits = !idle();
    break;
  }
  return packed;
}

bool Packer::idle() const {
  for (const Family& state : families_) {
    if (state.phase != Phase::kClosed && state.phase != Phase::kSteady) {
      return false;
    }
  }
  return rib_->owed() == 0;
}

size_t Packer::held_back(IpFamily family) const {
  return hold_back(family) == HoldBack::kNone ? 0 : rib_->counts(family).wanted;
}

bool Packer::PackOne(Messages which, Packed& packed) {
  const auto of_family = [&](IpFamily family) {
    return of(family).phase == Phase::kSteady ? which : Messages::kAll;
  };
  for (const IpFamily family : kFamilies) {
    if (PackWithdrawals(family, of_family(family), packed)) return true;
  }
  for (const IpFamily family : kFamilies) {
    if (PackTable(family, of_family(family), packed)) return true;
  }
  return false;
}

bool Packer::PackTable(IpFamily family, Messages which, Packed& packed) {
  // A phase that ends without a mark leads to the next one.
  for (Phase before = Phase::kClosed; before != of(family).phase;) {
    before = of(family).phase;
    if (PackMark(family, packed)) return true;
  }
  return PackAnnouncements(family, which, packed);
}

bool Packer::PackWithdrawals(IpFamily family, Messages which, Packed& packed) {
  const auto owed = rib_->OwedWithdrawals(family, kPrefixesMax);
  if (owed.empty()) return false;
  if (which == Messages::kFull && owed.size() < kPrefixesOfFullMin) {
    return false;
  }
  absl::Span<const net::IpPrefix> rest = owed;
  const std::vector<uint8_t> message = wire::EncodeWithdrawal(rest);
  if (which == Messages::kFull && !IsFull(owed, rest)) return false;
  Append(message, packed);
  ++packed.updates;
  rib_->ToldWithdrawals(
      absl::MakeConstSpan(owed).first(owed.size() - rest.size()));
  return true;
}

bool Packer::PackAnnouncements(IpFamily family, Messages which,
                               Packed& packed) {
  for (uint64_t from = 0;;) {
    const AdjRibOut::Group owed =
        rib_->OwedAnnouncements(family, kPrefixesMax, from);
    if (owed.prefixes.empty()) return false;
    from = owed.number + 1;
    if (which == Messages::kFull && owed.prefixes.size() < kPrefixesOfFullMin) {
      continue;
    }
    absl::Span<const net::IpPrefix> rest = owed.prefixes;
    const std::vector<uint8_t> message =
        wire::EncodeAnnouncement(terms_.context, *owed.attributes, rest);
    if (which == Messages::kFull && !IsFull(owed.prefixes, rest)) continue;
    Append(message, packed);
    ++packed.updates;
    rib_->ToldAnnouncements(absl::MakeConstSpan(owed.prefixes)
                                .first(owed.prefixes.size() - rest.size()));
    return true;
  }
}

bool Packer::PackMark(IpFamily family, Packed& packed) {
  Family& state = of(family);
  switch (state.phase) {
    case Phase::kClosed:
    case Phase::kSteady:
      return false;
    case Phase::kRefreshDue:
      state.phase = Phase::kRefreshing;
      rib_->Resend(family);
      return PackRefresh(wire::RefreshKind::kBegin, family, packed);
    case Phase::kFirstTable:
      if (rib_->counts(family).resends > 0) return false;
      EndTable(state);
      Append(wire::EncodeEndOfRib(family), packed);
      ++packed.updates;
      return true;
    case Phase::kRefreshing:
      if (rib_->counts(family).resends > 0) return false;
      EndTable(state);
      return PackRefresh(wire::RefreshKind::kEnd, family, packed);
  }
  LB_UNREACHABLE();
}

bool Packer::PackRefresh(wire::RefreshKind kind, IpFamily family,
                         Packed& packed) {
  if (!terms_.enhanced_refresh) return false;
  Append(wire::EncodeRouteRefresh(kind, family), packed);
  ++packed.refreshes;
  return true;
}

void Packer::EndTable(Family& state) {
  state.phase = state.refresh_again ? Phase::kRefreshDue : Phase::kSteady;
  state.refresh_again = false;
}

void Packer::Append(const std::vector<uint8_t>& message, Packed& packed) {
  LB_CHECK(message.size() <= wire::kMessageSizeMax);
  packed.bytes.insert(packed.bytes.end(), message.begin(), message.end());
}

}  // namespace lb::bgp
