// ReplicatedAllocator's view of services without a manifest that still hold
// addresses.
#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lb/base/utc_text.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb::ipam {
namespace {

constexpr size_t kNamedMax = 2;  // In the note of a pool.

// What the note of one pool and family is made of.
struct Note {
  size_t addresses = 0;
  std::vector<std::string> named;  // "default/a since ..."
  size_t services = 0;

  std::string Text() const {
    return fmt::format("{} held by services without a manifest ({}{})",
                       addresses, fmt::join(named, ", "),
                       services > named.size()
                           ? fmt::format(", {} more", services - named.size())
                           : "");
  }
};

}  // namespace

std::vector<ReplicatedAllocator::Absent> ReplicatedAllocator::AbsentHolders()
    const {
  std::vector<Absent> all;
  for (const auto& [service, since] : absent_.since()) {
    const Record* const record = ledger_.Find(service);
    if (record == nullptr || record->is_release()) continue;
    Absent absent = {.service = service,
                     .since = since.civil,
                     .held_back = wanted_.may_exist.Contains(service)};
    for (const Claim& claim : record->claims) {
      absent.held.push_back({claim.address, claim.pool});
    }
    all.push_back(std::move(absent));
  }
  return all;
}

// A refusal of a full pool counts them.
void ReplicatedAllocator::NoteAbsentHolders() {
  std::map<std::pair<std::string, net::IpFamily>, Note> notes;
  for (const Absent& absent : AbsentHolders()) {
    for (const AssignedAddress& held : absent.held) {
      Note& note = notes[{held.pool, held.address.family()}];
      ++note.addresses;
      ++note.services;  // It has one address of each family at most.
      if (note.named.size() == kNamedMax) continue;
      note.named.push_back(
          fmt::format("{} since {}", absent.service, FormatUtc(absent.since)));
    }
  }
  PoolNotes texts;
  for (const auto& [place, note] : notes) texts[place] = note.Text();
  allocator_.SetNotes(std::move(texts));
}

}  // namespace lb::ipam
