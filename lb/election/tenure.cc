#include "lb/election/tenure.h"

#include <algorithm>
#include <map>
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
    : node_(std::move(node)), table_(tenures_max) {
  LB_CHECK(!node_.empty() && node_.size() <= kNodeNameSizeMax &&
           IsPrintable(node_));
}

absl::Status TenureTable::Claim(const net::IpAddress& address, absl::Time now) {
  const Tenure* const known = Find(address);
  if (known != nullptr && known->node == node_) return absl::OkStatus();
  const uint64_t term = known == nullptr ? 1 : known->term + 1;
  const bool counts_on = term <= kTermMax;
  if (!counts_on) table_.CountRefusedRecord();
  if (!counts_on || !table_.Store({address, node_, term, WholeSeconds(now)})) {
    return absl::ResourceExhaustedError(fmt::format(
        "tenure of {}: term {} in a table of {}, want at most {} and {}",
        address.ToString(), term, table_.size(), kTermMax,
        table_.records_max()));
  }
  news_.insert(address);
  return absl::OkStatus();
}

void TenureTable::Release(const net::IpAddress& address, absl::Time now) {
  const Tenure* const known = Find(address);
  if (known == nullptr || known->node.empty()) return;
  // At the last term only a holder could come after it: the tenure stays.
  if (known->term == kTermMax) return;
  table_.Store({address, "", known->term + 1, WholeSeconds(now)});
}

absl::StatusOr<std::vector<net::IpAddress>> TenureTable::Merge(
    std::string_view message) {
  if (IsOwnState(message)) {  // As in nearly every exchange.
    table_.CountStaleRecords(table_.size());
    return std::vector<net::IpAddress>();
  }
  const absl::StatusOr<std::vector<Tenure>> tenures = ParseTenures(message);
  if (!tenures.ok()) {
    table_.CountRefusedMessage();
    return tenures.status();
  }
  std::map<net::IpAddress, std::string> before;  // Holders; "": none.
  for (const Tenure& tenure : *tenures) {
    const Tenure* const known = Find(tenure.address);
    const std::string holder = known == nullptr ? "" : known->node;
    const replication::MergeVerdict verdict = table_.Merge(tenure);
    if (verdict == replication::MergeVerdict::kMerged) {
      before.try_emplace(tenure.address, holder);
    } else if (verdict == replication::MergeVerdict::kStale &&
               holder != tenure.node) {
      // Somebody goes by an old tenure: a partition has healed, say.
      news_.insert(tenure.address);
    }
  }
  std::vector<net::IpAddress> changed;
  for (const auto& [address, holder] : before) {
    if (HolderOf(address).value_or("") != holder) changed.push_back(address);
  }
  return changed;
}

std::optional<std::string> TenureTable::HolderOf(
    const net::IpAddress& address) const {
  const Tenure* const tenure = Find(address);
  if (tenure == nullptr || tenure->node.empty()) return std::nullopt;
  return tenure->node;
}

std::vector<std::string> TenureTable::TakeNews(size_t size_max) {
  std::vector<Tenure> news;
  for (const net::IpAddress& address : std::exchange(news_, {})) {
    if (const Tenure* tenure = Find(address)) news.push_back(*tenure);
  }
  TenureMessages split = SplitTenures(news, size_max);
  news_left_out_ += split.left_out;
  return std::move(split.messages);
}

const std::string& TenureTable::FullMessage() const {
  if (!full_ || full_->version != table_.version()) {
    full_ = {table_.version(), SerializeTenures(AllTenures())};
  }
  return full_->message;
}

}  // namespace lb::election
