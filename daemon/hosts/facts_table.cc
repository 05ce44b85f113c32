#include "daemon/hosts/facts_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/base/bytes.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr std::string_view kHeader = "lbf\x01";
constexpr std::string_view kRequestHeader = "lbq\x01";
constexpr size_t kNameSizeMax = 255;

absl::Status Damaged(size_t count) {
  return absl::InvalidArgumentError(
      fmt::format("facts of hosts: entry {}: damaged or cut short", count));
}

}  // namespace

bool FactsTable::SetOwn(const HostFacts& facts, absl::Time now,
                        absl::Time civil_now) {
  Entry& own = entries_[self_];
  own.up_at = now;
  std::string bytes = SerializeHostFacts(facts);
  if (own.stamp > 0 && bytes == own.bytes) return false;
  const auto micros = static_cast<uint64_t>(
      std::max<int64_t>(absl::ToUnixMicros(civil_now), 1));
  own.stamp = std::min(std::max(own.stamp + 1, micros), kStampMax);
  own.digest = own_digest_ = DigestOfFacts(bytes);
  own.bytes = std::move(bytes);
  own.facts = facts;
  own_news_ = true;
  ++version_;
  return true;
}

bool FactsTable::SetMembers(
    const std::map<std::string, std::optional<uint64_t>>& members,
    absl::Time now) {
  for (auto& [node, entry] : entries_) {  // Those that go were up until now.
    if (node == self_ || members_.contains(node) || members.contains(node)) {
      entry.up_at = now;
    }
  }
  members_ = members;
  for (auto& [node, entry] : std::exchange(waiting_, {})) {
    const std::optional<uint64_t> digest = DigestOf(node);
    if (digest == entry.digest) {
      Accept(node, std::move(entry));
    } else if (digest) {
      waiting_.emplace(node, std::move(entry));
    }
  }
  const size_t forgotten = std::erase_if(entries_, [now](const auto& known) {
    return now - known.second.up_at >= kLifetime;
  });
  if (forgotten > 0) ++version_;
  return forgotten > 0;
}

bool FactsTable::HasAbsent() const {
  return std::any_of(entries_.begin(), entries_.end(), [this](const auto& e) {
    return e.first != self_ && !members_.contains(e.first);
  });
}

std::vector<std::string> FactsTable::Missing() const {
  std::vector<std::string> missing;
  for (const auto& [node, digest] : members_) {
    if (node == self_ || !digest) continue;
    const auto known = entries_.find(node);
    if (known == entries_.end() || known->second.digest != *digest) {
      missing.push_back(node);
    }
  }
  return missing;
}

absl::StatusOr<size_t> FactsTable::Merge(std::string_view message,
                                         absl::Time now, absl::Duration age) {
  if (!IsFactsMessage(message)) return Damaged(0);
  net::ByteReader in(AsBytes(message.substr(kHeader.size())));
  size_t news = 0;
  absl::Status refused;
  for (size_t count = 0; !in.rest().empty(); ++count) {
    const std::string node(AsText(in.Take(in.Uint8())));
    Entry entry;
    entry.stamp = in.Uint64();
    const absl::Duration away = age + absl::Seconds(in.Uint32());
    entry.bytes = AsText(in.Take(in.Uint16()));
    if (!in.ok() || node.empty()) return Damaged(count);
    auto facts = ParseHostFacts(entry.bytes);
    if (!facts.ok()) {
      refused.Update(facts.status());
      continue;
    }
    if (entry.stamp > kStampMax || away >= kLifetime) continue;
    entry.facts = *std::move(facts);
    entry.digest = DigestOfFacts(entry.bytes);
    entry.up_at = now - away;
    news += MergeEntry(node, std::move(entry)) ? 1 : 0;
  }
  if (!refused.ok()) return refused;
  return news;
}

bool FactsTable::MergeEntry(const std::string& node, Entry offered) {
  if (node == self_) return MergeOwn(offered);
  const auto known = entries_.find(node);
  if (known == entries_.end()) {
    if (entries_.size() >= kNodesMax && !MakeRoomFor(node)) {
      ++overflowed_;
      return false;
    }
    entries_.emplace(node, std::move(offered));
    ++version_;
    return true;
  }
  Entry& entry = known->second;
  offered.up_at = std::max(entry.up_at, offered.up_at);
  entry.up_at = offered.up_at;
  if (offered.digest == entry.digest) {
    entry.stamp = std::max(entry.stamp, offered.stamp);
    return false;
  }
  const std::optional<uint64_t> digest = DigestOf(node);
  if (digest != offered.digest) {
    if (offered.stamp <= entry.stamp) return false;
    if (digest) {
      waiting_.insert_or_assign(node, std::move(offered));
      return false;
    }
  }
  Accept(node, std::move(offered));
  return true;
}

// A member's facts go before those of a node that is only said to be.
bool FactsTable::MakeRoomFor(const std::string& node) {
  if (!members_.contains(node)) return false;
  const auto other =
      std::find_if(entries_.begin(), entries_.end(), [this](const auto& known) {
        return known.first != self_ && !members_.contains(known.first);
      });
  if (other == entries_.end()) return false;
  entries_.erase(other);
  return true;
}

void FactsTable::Accept(const std::string& node, Entry offered) {
  entries_.at(node) = std::move(offered);
  ++version_;
}

std::optional<uint64_t> FactsTable::DigestOf(const std::string& node) const {
  const auto member = members_.find(node);
  return member == members_.end() ? std::nullopt : member->second;
}

// The facts of an earlier run of this node, or forged ones.
bool FactsTable::MergeOwn(const Entry& offered) {
  const auto own = entries_.find(self_);
  if (own == entries_.end() || offered.stamp < own->second.stamp) return false;
  if (offered.digest == own->second.digest) {
    own->second.stamp = offered.stamp;
    return false;
  }
  own->second.stamp = std::min(offered.stamp + 1, kStampMax);
  own_news_ = true;
  return false;
}

void FactsTable::Append(const std::string& node, const Entry& entry,
                        absl::Time now, std::string* out) const {
  const bool is_up = node == self_ || members_.contains(node);
  const int64_t age = is_up ? 0
                            : absl::ToInt64Seconds(absl::Ceil(
                                  now - entry.up_at, absl::Seconds(1)));
  net::ByteWriter bytes;
  bytes.Uint8(static_cast<uint8_t>(node.size()));
  bytes.Bytes(AsBytes(node));
  bytes.Uint64(entry.stamp);
  bytes.Uint32(static_cast<uint32_t>(std::clamp<int64_t>(age, 0, UINT32_MAX)));
  bytes.Uint16(static_cast<uint16_t>(entry.bytes.size()));
  out->append(AsText(bytes.bytes()));
  out->append(entry.bytes);
}

std::string FactsTable::FullMessage(absl::Time now) const {
  std::string message(kHeader);
  const auto own = entries_.find(self_);
  if (own != entries_.end()) Append(self_, own->second, now, &message);
  for (const auto& [node, entry] : entries_) {
    if (node == self_ || node.size() > kNameSizeMax) continue;
    if (message.size() + 16 + node.size() + entry.bytes.size() >
        kMessageSizeMax) {
      break;
    }
    Append(node, entry, now, &message);
  }
  return message;
}

std::string FactsTable::OwnMessage() const {
  const auto own = entries_.find(self_);
  if (own == entries_.end()) return "";
  std::string message(kHeader);
  Append(self_, own->second, own->second.up_at, &message);
  return message;
}

bool IsFactsMessage(std::string_view message) {
  return message.starts_with(kHeader);
}

std::string FactsRequest(std::string_view node) {
  std::string request(kRequestHeader);
  request += static_cast<char>(node.size());
  request += node;
  return request;
}

std::optional<std::string> ParseFactsRequest(std::string_view message) {
  if (!message.starts_with(kRequestHeader)) return std::nullopt;
  net::ByteReader in(AsBytes(message.substr(kRequestHeader.size())));
  std::string node(AsText(in.Take(in.Uint8())));
  if (!in.ok() || node.empty()) return std::nullopt;
  return node;
}

}  // namespace lb
