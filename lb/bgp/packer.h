// Packer: makes UPDATE messages of what a peer is owed.
//
// It takes from an AdjRibOut: withdrawals first, then announcements, many
// prefixes in a message. After the first full table of a family it adds the
// End-of-RIB, and to the answer to a route refresh the marks of RFC 7313 if
// both sides offered them. The caller says how many bytes it can send, so a
// withdrawal never waits behind a whole table. It may ask for full messages
// alone, while it is about to change more routes: ten portions of 1,000 routes
// then take as many messages as 10,000 routes at once.
//
// Pure, one thread, no clock. The AdjRibOut must outlive the packer.
//
//   Packer packer(&rib);
//   packer.Start({.context = {.own_as = {64512}}, .families = {.ipv4 = true}});
//   Send(packer.Take(64 * 1024).bytes);
#ifndef LB_BGP_PACKER_H_
#define LB_BGP_PACKER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/wire/route_refresh.h"
#include "lb/bgp/wire/update_encoder.h"
#include "lb/net/ip_address.h"
#include "lb/net/ip_families.h"

namespace lb::bgp {

// What the two OPEN messages settled.
struct SessionTerms {
  wire::UpdateContext context;
  net::IpFamilies families;  // that both sides offered
  bool enhanced_refresh = false;
};

// Why no route of a family is announced.
enum class HoldBack : uint8_t {
  kNone,
  kNoSession,
  kFamilyNotOffered,  // the peer does not take the family, or we do not
  kNoNextHop,         // this node has no address of the family to send it to
};

// "no next hop of the family", for status; "" for kNone.
std::string_view ToString(HoldBack reason);

// Which messages are made.
enum class Messages : uint8_t {
  kAll,
  // Those that have no room for one more prefix. In the first table of a family
  // and in the answer to a refresh all the same: the peer waits for their ends.
  kFull,
};

class Packer {
 public:
  explicit Packer(AdjRibOut* rib) : rib_(rib) {}

  // The session is established.
  void Start(const SessionTerms& terms);

  // The session is gone. Nothing is packed until Start().
  void Stop();

  // Next hops that differ from before: the routes of their family are announced
  // again, or withdrawn if there is none any more. Between Start() and Stop().
  void SetNextHops(const wire::NextHops& next_hops);

  // The peer asked for the routes of a family again. Ignored if the family was
  // not offered. A request that comes before the answer to the last one is
  // complete is answered once more after it; further ones are one with it.
  void Refresh(net::IpFamily family);

  struct Packed {
    std::vector<uint8_t> bytes;  // whole messages
    size_t updates = 0;
    size_t refreshes = 0;  // BoRR and EoRR
    bool waits = false;    // there was room, and no full message more

    size_t messages() const { return updates + refreshes; }
  };
  // Whole messages of `bytes_max` in all at most. Less than
  // wire::kMessageSizeMax gives none. Empty: nothing is owed, or there is no
  // room.
  Packed Take(size_t bytes_max, Messages which = Messages::kAll);

  // True if Take() has nothing to do, whatever the room.
  bool idle() const;

  HoldBack hold_back(net::IpFamily family) const {
    return families_[net::FamilyIndex(family)].hold_back;
  }

  // Wanted routes that are not announced because of hold_back().
  size_t held_back(net::IpFamily family) const;

 private:
  // What is said to the peer about a family, beside its routes.
  enum class Phase : uint8_t {
    kClosed,      // no session, or the family was not offered
    kFirstTable,  // End-of-RIB follows the routes
    kSteady,
    kRefreshDue,  // the answer to a refresh is about to begin
    kRefreshing,  // BoRR is sent; EoRR follows the routes
  };
  struct Family {
    Phase phase = Phase::kClosed;
    HoldBack hold_back = HoldBack::kNoSession;
    bool refresh_again = false;
  };

  Family& of(net::IpFamily family) {
    return families_[net::FamilyIndex(family)];
  }
  void Open(net::IpFamily family);

  // Each adds one message. False: there is none to add.
  bool PackOne(Messages which, Packed& packed);
  bool PackWithdrawals(net::IpFamily family, Messages which, Packed& packed);
  bool PackTable(net::IpFamily family, Messages which, Packed& packed);
  bool PackMark(net::IpFamily family, Packed& packed);
  bool PackAnnouncements(net::IpFamily family, Messages which, Packed& packed);
  bool PackRefresh(wire::RefreshKind kind, net::IpFamily family,
                   Packed& packed);

  static void EndTable(Family& state);
  static void Append(const std::vector<uint8_t>& message, Packed& packed);

  AdjRibOut* const rib_;
  SessionTerms terms_;
  std::array<Family, 2> families_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_PACKER_H_
