#include "lb/ipam/ledger.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/ipam/ledger_codec.h"

namespace lb::ipam {
namespace {

absl::Status Refuse(const Record& record, std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("record of service \"{}\": {}", record.service, what));
}

// Names end in logs and in other nodes' messages: no bytes that upset those.
bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kNameSizeMax &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

absl::Status CheckName(const Record& record, std::string_view field,
                       std::string_view name) {
  if (IsName(name)) return absl::OkStatus();
  return Refuse(record, fmt::format("{}: {} bytes, want 1..{} of printable "
                                    "ASCII without spaces",
                                    field, name.size(), kNameSizeMax));
}

absl::Status CheckStamp(const Record& record, std::string_view field,
                        const Stamp& stamp) {
  if (stamp.microseconds < 0) {
    return Refuse(record, fmt::format("{}: time {}, want none before 1970",
                                      field, stamp.microseconds));
  }
  return CheckName(record, fmt::format("{} author", field), stamp.author);
}

// Smaller wins. Everything of the record but its service is in it.
auto OrderOf(const Record& record) {
  const Stamp& first =
      record.is_release() ? record.changed : record.claims.front().stamp;
  return std::make_tuple(record.provisional, ~record.generation,
                         record.is_release(), std::cref(first),
                         std::cref(record.changed), std::cref(record.claims),
                         std::cref(record.freed));
}

const Claim* FindClaim(const Record* record, const net::IpAddress& address) {
  if (record == nullptr) return nullptr;
  for (const Claim& claim : record->claims) {
    if (claim.address == address) return &claim;
  }
  return nullptr;
}

absl::Status CheckFreed(const Record& record) {
  if (record.freed.size() > kFreedMax) {
    return Refuse(record, fmt::format("{} freed addresses, want at most {}",
                                      record.freed.size(), kFreedMax));
  }
  for (size_t i = 0; i < record.freed.size(); ++i) {
    const Freed& freed = record.freed[i];
    if (freed.microseconds < 0) {
      return Refuse(record, fmt::format("freed: time {}, want none before 1970",
                                        freed.microseconds));
    }
    if (FindClaim(&record, freed.address) != nullptr ||
        (i > 0 && freed.address <= record.freed[i - 1].address)) {
      return Refuse(record,
                    fmt::format("freed: {}, want those not claimed, by address",
                                freed.address.ToString()));
    }
  }
  return absl::OkStatus();
}

// What `record`, the next generation of `old`, has freed since.
std::vector<Freed> FreedBy(const Record* old, const Record& record) {
  std::vector<Freed> all;
  if (old == nullptr) return all;
  const int64_t now = record.changed.microseconds;
  const int64_t oldest = now - absl::ToInt64Microseconds(kTombstoneLifetime);
  for (const Claim& claim : old->claims) all.push_back({claim.address, now});
  for (const Freed& freed : old->freed) {
    if (freed.microseconds >= oldest) all.push_back(freed);
  }
  std::erase_if(all, [&](const Freed& freed) {
    return FindClaim(&record, freed.address) != nullptr;
  });
  std::sort(all.begin(), all.end(), [](const Freed& a, const Freed& b) {
    return std::tie(b.microseconds, a.address) <
           std::tie(a.microseconds, b.address);
  });
  if (all.size() > kFreedMax) all.resize(kFreedMax);
  std::sort(all.begin(), all.end());
  return all;
}

int64_t OldestToTell(absl::Time now) {
  return absl::ToUnixMicros(now - kTombstoneLifetime);
}

// Are these the record's addresses and pools already?
bool Says(const Record& record, const Assignment& assignment) {
  return std::equal(record.claims.begin(), record.claims.end(),
                    assignment.addresses.begin(), assignment.addresses.end(),
                    [](const Claim& claim, const AssignedAddress& a) {
                      return claim.address == a.address && claim.pool == a.pool;
                    });
}

}  // namespace

absl::Status Validate(const Record& record) {
  if (!IsName(record.service)) {
    return absl::InvalidArgumentError(
        fmt::format("record: service name of {} bytes, want 1..{} of printable "
                    "ASCII without spaces",
                    record.service.size(), kNameSizeMax));
  }
  if (record.generation == 0 || record.generation > kGenerationMax) {
    return Refuse(record, fmt::format("generation {}, want 1..{}",
                                      record.generation, kGenerationMax));
  }
  LB_RETURN_IF_ERROR(CheckStamp(record, "changed", record.changed));
  if (record.claims.size() > kClaimsMax) {
    return Refuse(record, fmt::format("{} claims, want at most {}",
                                      record.claims.size(), kClaimsMax));
  }
  for (size_t i = 0; i < record.claims.size(); ++i) {
    const Claim& claim = record.claims[i];
    LB_RETURN_IF_ERROR(CheckStamp(record, "claim", claim.stamp));
    LB_RETURN_IF_ERROR(CheckName(record, "claim pool", claim.pool));
    if (i > 0 && claim.address <= record.claims[i - 1].address) {
      return Refuse(record,
                    fmt::format("{} after {}, want claims by address",
                                claim.address.ToString(),
                                record.claims[i - 1].address.ToString()));
    }
  }
  return CheckFreed(record);
}

bool IsForgotten(const Record& record, absl::Time now) {
  return record.is_release() && record.changed.microseconds < OldestToTell(now);
}

bool Beats(const Record& a, const Record& b) { return OrderOf(a) < OrderOf(b); }

absl::StatusOr<Record> Ledger::Propose(std::string_view service,
                                       const Assignment& assignment,
                                       absl::Time now) {
  if (assignment.addresses.empty()) return ProposeRelease(service, now);
  const Record* const old = Find(service);
  Record record = Next(service, old, now);
  const bool confirms =
      old != nullptr && old->provisional != record.provisional;
  if (old != nullptr && !confirms && Says(*old, assignment)) return *old;
  for (const AssignedAddress& a : assignment.addresses) {
    const Claim* const had = FindClaim(confirms ? nullptr : old, a.address);
    record.claims.push_back(
        {a.address, a.pool, had == nullptr ? record.changed : had->stamp});
  }
  return Accept(std::move(record));
}

absl::StatusOr<Record> Ledger::ProposeRelease(std::string_view service,
                                              absl::Time now) {
  const Record* const old = Find(service);
  if (old == nullptr || old->is_release()) {
    return absl::NotFoundError(
        fmt::format("Service/{}: has no addresses on record", service));
  }
  return Accept(Next(service, old, now));
}

Record Ledger::Next(std::string_view service, const Record* old,
                    absl::Time now) const {
  const bool provisional = provisional_ && (old == nullptr || old->provisional);
  const bool counts_on = old != nullptr && old->provisional == provisional;
  return {.service = std::string(service),
          .generation = counts_on ? old->generation + 1 : 1,
          .changed = {.microseconds = absl::ToUnixMicros(now), .author = node_},
          .provisional = provisional};
}

bool Ledger::HasFirm() const {
  return std::any_of(
      table_.entries().begin(), table_.entries().end(),
      [](const auto& entry) { return !entry.second.record.provisional; });
}

std::vector<std::string> Ledger::Merge(absl::Span<const Record> records) {
  std::vector<std::string> changed;
  for (const Record& record : records) {
    LB_CHECK(Validate(record).ok());
    if (table_.Merge(record) == replication::MergeVerdict::kMerged) {
      changed.push_back(record.service);
    }
  }
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  return changed;
}

absl::StatusOr<std::vector<std::string>> Ledger::MergeMessage(
    std::string_view bytes) {
  const absl::StatusOr<std::vector<Record>> records = ParseMessage(bytes);
  if (!records.ok()) {
    table_.CountRefusedMessage();
    return records.status();
  }
  return Merge(*records);
}

std::vector<std::string> Ledger::DropOldTombstones(absl::Time now,
                                                   uint64_t version) {
  return table_.DropReleases(OldestToTell(now), version);
}

absl::StatusOr<Record> Ledger::Accept(Record record) {
  std::sort(record.claims.begin(), record.claims.end());
  record.freed = FreedBy(Find(record.service), record);
  const bool counts_on = record.generation <= kGenerationMax;
  if (counts_on) {
    LB_RETURN_IF_ERROR(Validate(record));
  } else {
    table_.CountRefusedRecord();
  }
  if (!counts_on || !table_.Store(record)) {
    return absl::ResourceExhaustedError(fmt::format(
        "Service/{}: generation {} in a ledger of {} records, want at most {} "
        "and {}",
        record.service, record.generation, table_.size(), kGenerationMax,
        table_.records_max()));
  }
  return record;
}

}  // namespace lb::ipam
