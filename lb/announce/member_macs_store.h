// MemberMacsStore: MemberMacs in the state folder.
//
// A node that starts while gossip is cut, and the segment is not, has to know
// the members that it cannot hear, because it never yields an address to a host
// that it believes is foreign. A change is written kSaveDelay after it came,
// and the next one not before that has passed; a write that fails is tried
// again.
//
// Loop thread only.
#ifndef LB_ANNOUNCE_MEMBER_MACS_STORE_H_
#define LB_ANNOUNCE_MEMBER_MACS_STORE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/announce/member_macs.h"
#include "lb/io/loop.h"
#include "lb/io/persisted_value.h"
#include "lb/io/state_store.h"
#include "lb/net/mac_address.h"

namespace lb::announce {

class MemberMacsStore {
 public:
  static constexpr absl::Duration kSaveDelay = absl::Seconds(1);
  // Interfaces of members, past and present; those most lately heard.
  static constexpr size_t kMacsMax = 65536;
  static constexpr size_t kSavedMax = 1024;

  // Both must outlive it.
  MemberMacsStore(io::Loop* loop, io::StateStore* state);

  // Takes up what an earlier run wrote. Blocks; once, before all else. DataLoss
  // or Unavailable, with the value's name: it is there, but not usable.
  absl::Status Restore();

  // As MemberMacs has them.
  void Learn(const std::string& node, absl::Span<const net::MacAddress> macs);
  std::optional<std::string> NodeOf(const net::MacAddress& mac) const {
    return macs_.NodeOf(mac);
  }

 private:
  io::StateStore* const state_;
  MemberMacs macs_;
  io::PersistedValue saved_;
};

}  // namespace lb::announce

#endif  // LB_ANNOUNCE_MEMBER_MACS_STORE_H_
