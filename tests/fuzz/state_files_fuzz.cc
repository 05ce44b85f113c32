// Any bytes as a value in the state folder: as they are, and with the right
// checksum, because a fuzzer that changes bytes would hardly find it.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/announce/member_macs_codec.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/base/sha256.h"
#include "lb/base/state_value.h"
#include "lb/config/last_good.h"
#include "lb/history/history_codec.h"
#include "lb/ipam/ledger_codec.h"
#include "lb/ipam/ledger_journal.h"
#include "lb/net/byte_writer.h"
#include "tests/fuzz/allocation_bound.h"

namespace lb {
namespace {

// The smallest entry of each takes from 8 to 30 bytes.
constexpr int64_t kAllocatedPerByte = 128;
constexpr int64_t kAllocatedMore = 256 << 10;

void CheckLedgerFile(std::string_view bytes) {
  const auto file = ipam::ParseFile(bytes);
  if (!file.ok()) return;
  for (const ipam::Record& record : file->records) {
    LB_CHECK(Validate(record).ok());
  }
  const auto again = ipam::ParseFile(ipam::SerializeFile(*file));
  LB_CHECK(again.ok() && again->records == file->records &&
           again->generation == file->generation &&
           again->written_at == file->written_at);
}

void CheckJournal(std::string_view bytes) {
  const ipam::LedgerJournal journal = ipam::ParseJournal(bytes);
  LB_CHECK(journal.intact <= bytes.size());
  const std::string intact(bytes.substr(0, journal.intact));
  if (intact.empty()) return;
  const ipam::LedgerJournal again = ipam::ParseJournal(intact);
  LB_CHECK(again.damage.ok() && again.records == journal.records);
  // More entries can be added after the intact part.
  std::string longer = intact;
  ipam::AppendEntry({}, absl::UnixEpoch(), &longer);
  LB_CHECK(ipam::ParseJournal(longer).damage.ok());
}

void CheckHistory(std::string_view bytes) {
  const auto segment = history::ParseSegment(bytes);
  if (!segment.ok()) return;
  std::string entries;
  for (const history::HistoryEntry& entry : segment->entries) {
    entries += history::SerializeEntry(entry);
  }
  const auto again = history::ParseSegment(
      history::SerializeSegment(segment->number, segment->written_at, entries));
  LB_CHECK(again.ok() && again->entries == segment->entries &&
           again->number == segment->number &&
           again->written_at == segment->written_at);
}

void CheckMemberMacs(std::string_view bytes) {
  const auto macs = announce::ParseMemberMacs(bytes);
  if (!macs.ok()) return;
  LB_CHECK(announce::SerializeMemberMacs(*macs) == bytes);
}

void CheckLastGood(std::string_view part) {
  config::LastGood last_good;
  if (!config::ParseLastGoodPart(part, &last_good).ok()) return;
  config::Desired desired;
  desired.read_paths = last_good.read_paths;
  desired.faulty_services = last_good.faulty_services;
  desired.strangers = last_good.strangers;
  for (const auto& [name, text] : last_good.objects) {
    config::Object& object = desired.objects[name];
    object.origin = {text.file, text.line};
    object.text = text.text;
  }
  const config::LastGoodParts told = config::SerializeLastGood(desired);
  config::LastGood again;
  for (const std::string& bytes : told.parts) {
    LB_CHECK(config::ParseLastGoodPart(bytes, &again).ok());
  }
  if (told.left_out > 0) return;
  LB_CHECK(again.read_paths == last_good.read_paths &&
           again.faulty_services == last_good.faulty_services &&
           again.strangers == last_good.strangers &&
           again.objects.size() == last_good.objects.size());
  for (const auto& [name, text] : last_good.objects) {
    const config::LastGood::Text& other = again.objects.at(name);
    LB_CHECK(other.file == text.file && other.line == text.line &&
             other.text == text.text);
  }
}

void CheckAll(std::string_view bytes) {
  CheckLedgerFile(bytes);
  CheckJournal(bytes);
  CheckHistory(bytes);
  CheckMemberMacs(bytes);
}

// No reader allocates more than this.
void CheckBound(std::string_view bytes) {
  const fuzz::AllocationBound bound(
      kAllocatedMore + kAllocatedPerByte * static_cast<int64_t>(bytes.size()));
  (void)ipam::ParseFile(bytes).ok();
  (void)ipam::ParseJournal(bytes);
  (void)history::ParseSegment(bytes).ok();
  (void)announce::ParseMemberMacs(bytes).ok();
  config::LastGood last_good;
  (void)config::ParseLastGoodPart(bytes, &last_good).ok();
}

std::string WithSize(std::string value) {
  net::ByteWriter size;
  size.Uint64(value.size() + sizeof(uint64_t));
  return value + std::string(AsText(size.bytes()));
}

// The body is all of a journal's one entry.
std::string JournalOf(std::string_view message) {
  std::string journal = ipam::SerializeJournalHead(1);
  net::ByteWriter head;
  head.Uint32(static_cast<uint32_t>(message.size()));
  head.Uint64(1);
  journal += AsText(head.bytes());
  journal += message;
  journal += AsText(Sha256::Of(journal));
  return journal;
}

}  // namespace
}  // namespace lb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lb;
  const std::string_view bytes = AsText({data, size});
  CheckAll(bytes);
  CheckBound(bytes);
  CheckLastGood(bytes);
  const std::vector<std::string> repaired = {
      WithSize(SealStateValue({"LBLF", 1, ""}, bytes)), JournalOf(bytes),
      SealStateValue({"LBHS", 1, ""}, bytes),
      SealStateValue({"LBMM", 1, ""}, bytes)};
  for (const std::string& value : repaired) {
    CheckAll(value);
    CheckBound(value);
  }
  return 0;
}
