#include "lb/ipam/absent_holders.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "lb/base/utc_text.h"

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

std::vector<AbsentHolder> AbsentHolders(const AbsentServices& absent,
                                        const Ledger& ledger,
                                        const MayDefine& may_exist) {
  std::vector<AbsentHolder> holders;
  for (const auto& [service, since] : absent.since()) {
    const Record* const record = ledger.Find(service);
    if (record == nullptr || record->is_release()) continue;
    AbsentHolder holder = {.service = service,
                           .since = since.civil,
                           .held_back = may_exist.Contains(service)};
    for (const Claim& claim : record->claims) {
      holder.held.push_back({claim.address, claim.pool});
    }
    holders.push_back(std::move(holder));
  }
  return holders;
}

PoolNotes NotesOf(absl::Span<const AbsentHolder> holders) {
  std::map<std::pair<std::string, net::IpFamily>, Note> notes;
  for (const AbsentHolder& holder : holders) {
    for (const AssignedAddress& held : holder.held) {
      Note& note = notes[{held.pool, held.address.family()}];
      ++note.addresses;
      ++note.services;  // It has one address of each family at most.
      if (note.named.size() == kNamedMax) continue;
      note.named.push_back(
          fmt::format("{} since {}", holder.service, FormatUtc(holder.since)));
    }
  }
  PoolNotes texts;
  for (const auto& [place, note] : notes) texts[place] = note.Text();
  return texts;
}

}  // namespace lb::ipam
