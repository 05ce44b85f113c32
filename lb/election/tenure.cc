#include "lb/election/tenure.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/election/digest.h"
#include "lb/election/tenure_codec.h"

namespace lb::election {
namespace {

// 9999-12-31 23:59:59 UTC.
constexpr int64_t kSinceMax = 253'402'300'799;

absl::Status Refuse(const Tenure& tenure, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("tenure of {}: {}", tenure.address.ToString(), what));
}

// Names end in logs and in other nodes' messages: no bytes that upset those.
bool IsPrintable(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

absl::Time WholeSeconds(absl::Time time) {
  return absl::FromUnixSeconds(
      std::clamp<int64_t>(absl::ToUnixSeconds(time), 0, kSinceMax));
}

}  // namespace

absl::Status Validate(const Tenure& tenure) {
  if (tenure.node.size() > kNodeNameSizeMax || !IsPrintable(tenure.node)) {
    return Refuse(tenure,
                  fmt::format("node name of {} bytes, want at most {} of "
                              "printable ASCII without spaces",
                              tenure.node.size(), kNodeNameSizeMax));
  }
  if (tenure.term == 0 || tenure.term > kTermMax) {
    return Refuse(tenure,
                  fmt::format("term {}, want 1..{}", tenure.term, kTermMax));
  }
  if (tenure.since != WholeSeconds(tenure.since)) {
    return Refuse(tenure, fmt::format("since {}, want whole seconds from 1970 "
                                      "to 9999",
                                      absl::FormatTime(tenure.since)));
  }
  return absl::OkStatus();
}

bool Beats(const Tenure& a, const Tenure& b) {
  if (a.term != b.term) return a.term > b.term;
  if (a.node == b.node) return a.since < b.since;
  if (a.node.empty() || b.node.empty()) return b.node.empty();
  const std::string subject = a.address.ToString();
  const Digest digest_a = ComputeDigest(a.node, subject);
  const Digest digest_b = ComputeDigest(b.node, subject);
  return std::tie(digest_a, a.node) < std::tie(digest_b, b.node);
}

TenureTable::TenureTable(std::string node, size_t tenures_max)
    : node_(std::move(node)), tenures_max_(tenures_max) {
  LB_CHECK(!node_.empty() && node_.size() <= kNodeNameSizeMax &&
           IsPrintable(node_));
}

absl::Status TenureTable::Claim(const net::IpAddress& address, absl::Time now) {
  const Tenure* const known = Find(address);
  if (known != nullptr && known->node == node_) return absl::OkStatus();
  const uint64_t term = known == nullptr ? 1 : known->term + 1;
  if (term > kTermMax || !HasRoomFor(address)) {
    ++counters_.tenures_refused;
    return absl::ResourceExhaustedError(fmt::format(
        "tenure of {}: term {} in a table of {}, want at most {} and {}",
        address.ToString(), term, tenures_.size(), kTermMax, tenures_max_));
  }
  Store({address, node_, term, WholeSeconds(now)});
  news_.insert(address);
  return absl::OkStatus();
}

void TenureTable::Release(const net::IpAddress& address, absl::Time now) {
  const Tenure* const known = Find(address);
  if (known == nullptr || known->node.empty()) return;
  // At the last term only a holder could come after it: the tenure stays.
  if (known->term == kTermMax) return;
  Store({address, "", known->term + 1, WholeSeconds(now)});
}

absl::StatusOr<std::vector<net::IpAddress>> TenureTable::Merge(
    std::string_view message) {
  const absl::StatusOr<std::vector<Tenure>> tenures = ParseTenures(message);
  if (!tenures.ok()) {
    ++counters_.messages_refused;
    return tenures.status();
  }
  std::map<net::IpAddress, std::optional<std::string>> before;
  for (const Tenure& tenure : *tenures) {
    before.try_emplace(tenure.address, HolderOf(tenure.address));
    MergeOne(tenure);
  }
  std::vector<net::IpAddress> changed;
  for (const auto& [address, holder] : before) {
    if (HolderOf(address) != holder) changed.push_back(address);
  }
  return changed;
}

void TenureTable::MergeOne(const Tenure& tenure) {
  const Tenure* const known = Find(tenure.address);
  if (known != nullptr && !Beats(tenure, *known)) {
    ++counters_.tenures_stale;
    // Somebody goes by an old tenure: a partition has healed, say.
    if (known->node != tenure.node) news_.insert(tenure.address);
  } else if (HasRoomFor(tenure.address)) {
    ++counters_.tenures_merged;
    Store(tenure);
  } else {
    ++counters_.tenures_refused;
  }
}

const Tenure* TenureTable::Find(const net::IpAddress& address) const {
  const auto found = tenures_.find(address);
  return found == tenures_.end() ? nullptr : &found->second;
}

std::optional<std::string> TenureTable::HolderOf(
    const net::IpAddress& address) const {
  const Tenure* const tenure = Find(address);
  if (tenure == nullptr || tenure->node.empty()) return std::nullopt;
  return tenure->node;
}

std::vector<Tenure> TenureTable::AllTenures() const {
  std::vector<Tenure> all;
  all.reserve(tenures_.size());
  for (const auto& [address, tenure] : tenures_) all.push_back(tenure);
  return all;
}

std::vector<std::string> TenureTable::TakeNews(size_t size_max) {
  std::vector<Tenure> news;
  for (const net::IpAddress& address : std::exchange(news_, {})) {
    if (const Tenure* tenure = Find(address)) news.push_back(*tenure);
  }
  TenureMessages split = SplitTenures(news, size_max);
  counters_.news_left_out += split.left_out;
  return std::move(split.messages);
}

std::string TenureTable::FullMessage() const {
  return SerializeTenures(AllTenures());
}

// Forgets a release if it must.
bool TenureTable::HasRoomFor(const net::IpAddress& address) {
  if (tenures_.size() < tenures_max_ || tenures_.contains(address)) return true;
  if (releases_.empty()) return false;
  tenures_.erase(releases_.begin()->second);
  releases_.erase(releases_.begin());
  return true;
}

void TenureTable::Store(const Tenure& tenure) {
  const auto [known, is_new] = tenures_.try_emplace(tenure.address, tenure);
  if (!is_new) {
    releases_.erase({known->second.since, tenure.address});
    known->second = tenure;
  }
  if (tenure.node.empty()) releases_.emplace(tenure.since, tenure.address);
}

}  // namespace lb::election
