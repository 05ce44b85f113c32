// AdjRibOut: what one peer has been told, what it is to be told, and what it
// is therefore owed (RFC 4271, section 3.2).
//
// It says nothing itself: a Packer takes what is owed and makes messages of it.
// Pure, one thread, no clock. A change costs O(log n). What is owed is kept by
// attribute set, so that one message can carry many prefixes.
//
//   AdjRibOut rib;
//   rib.Replace(routes);             // before or after the session is up
//   rib.Open(net::IpFamily::kIpv4);  // from now on IPv4 is owed
//   rib.owed();                      // how many prefixes are to be sent
#ifndef LB_BGP_ADJ_RIB_OUT_H_
#define LB_BGP_ADJ_RIB_OUT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/types/span.h"
#include "lb/bgp/path_attributes.h"
#include "lb/bgp/route.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"
#include "lb/net/ip_prefix.h"

namespace lb::bgp {

class AdjRibOut {
 public:
  AdjRibOut() = default;
  AdjRibOut(const AdjRibOut&) = delete;
  AdjRibOut& operator=(const AdjRibOut&) = delete;

  // Makes `wanted` all that the peer is to know. It looks at both sets once;
  // only a prefix that changes is owed.
  void Replace(const RouteSet& wanted);

  // Changes one route. Host bits are dropped; the attributes are as a RouteSet
  // has them.
  void Set(const Route& route);
  void Erase(const net::IpPrefix& prefix);

  // The peer takes the family, and there is a next hop for it: what is wanted
  // and not told becomes owed. Before that nothing is.
  void Open(net::IpFamily family);

  // The peer is to know no route of the family any more: what it was told is
  // owed as a withdrawal, and the wanted routes wait for Open().
  void Close(net::IpFamily family);

  // The session is gone, and with it all that the peer knew. Every family is
  // closed, and nothing is owed.
  void Forget();

  // Every wanted route of an open family is owed again, though it was told. The
  // peer asked for it, or the next hop changed.
  void Resend(net::IpFamily family);

  struct Counts {
    size_t wanted = 0;
    size_t told = 0;           // the peer knows a route of the prefix
    size_t withdrawals = 0;    // owed
    size_t announcements = 0;  // owed; a changed route is one
    // Part of `announcements`: owed since Open() or Resend(), as the peer may
    // hold them stale until then.
    size_t resends = 0;
  };
  Counts counts(net::IpFamily family) const;

  // How many prefixes are owed in all.
  size_t owed() const;

  // What is owed, in order, `max` prefixes at most. The caller says by Told*()
  // what it sent.
  std::vector<net::IpPrefix> OwedWithdrawals(net::IpFamily family,
                                             size_t max) const;
  void ToldWithdrawals(absl::Span<const net::IpPrefix> prefixes);

  // Prefixes that share the attributes; empty if no announcement is owed.
  // Groups have numbers: the first one is that of the lowest number, `from` or
  // above it.
  struct Group {
    const PathAttributes* attributes = nullptr;  // good until the next change
    std::vector<net::IpPrefix> prefixes;
    uint64_t number = 0;
  };
  Group OwedAnnouncements(net::IpFamily family, size_t max,
                          uint64_t from = 0) const;
  void ToldAnnouncements(absl::Span<const net::IpPrefix> prefixes);

 private:
  struct AttributeSet {
    uint64_t number = 0;  // in order of first use
    size_t users = 0;     // entries that are told or want it
    std::array<absl::btree_set<net::IpPrefix>, 2> owed;  // by family
  };
  // Entries point to nodes of this map, which stay where they are.
  using AttributeSets = std::map<PathAttributes, AttributeSet>;
  using Told = AttributeSets::value_type;

  struct Entry {
    Told* told = nullptr;
    Told* wanted = nullptr;
    bool resend = false;  // what the peer holds may be stale
    bool owed = false;    // it stands in a set of owed prefixes
  };
  using Entries = absl::btree_map<net::IpPrefix, Entry>;

  struct Family {
    bool open = false;
    Entries entries;
    absl::btree_set<net::IpPrefix> withdrawals;
    absl::btree_map<uint64_t, const Told*> owed_sets;  // by number
    Counts counts;
  };

  // A change of one wanted route; null: it goes.
  struct Change {
    net::IpPrefix prefix;
    const PathAttributes* attributes = nullptr;
  };

  Family& of(net::IpFamily family) {
    return families_[net::FamilyIndex(family)];
  }
  const Family& of(net::IpFamily family) const {
    return families_[net::FamilyIndex(family)];
  }

  void Apply(const Change& change);
  void CollectChanges(net::IpFamily family, const RouteSet& wanted,
                      RouteSet::Map::const_iterator& next,
                      std::vector<Change>& changes) const;

  Told* Acquire(const PathAttributes& attributes);
  void Release(Told* told);

  // An entry is taken off the lists of what is owed before it changes, and put
  // on them after it.
  void Unlist(const net::IpPrefix& prefix, Entry& entry);
  void List(const net::IpPrefix& prefix, Entry& entry);

  void MarkResend(Family& family, Entry& entry);
  void ClearResend(Family& family, Entry& entry);
  void EraseIfUnused(Family& family, Entries::iterator entry);

  std::array<Family, 2> families_;
  AttributeSets attribute_sets_;
  uint64_t next_number_ = 0;
};

}  // namespace lb::bgp

#endif  // LB_BGP_ADJ_RIB_OUT_H_
