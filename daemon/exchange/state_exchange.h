// StateExchange: what nodes tell each other besides membership: the ledger of
// addresses, tenures and facts of hosts.
//
// News goes to all members by gossip, as far as gossip has room; the whole
// state goes with each full exchange. It is merged into the tables at once, in
// whatever order and however often it comes. What a node could not tell by
// gossip reaches the others with the next full exchange.
//
// It decides nothing that follows: what it heard is a value. Loop thread only;
// the tables and the loop outlive it.
//
//   const StateExchange::Heard heard = exchange.OnMessage(message);
//   if (heard.look) ScheduleReconcile();
#ifndef LB_DAEMON_EXCHANGE_STATE_EXCHANGE_H_
#define LB_DAEMON_EXCHANGE_STATE_EXCHANGE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "daemon/hosts/address_owners.h"
#include "daemon/placement/elections.h"
#include "lb/gossip/options.h"
#include "lb/gossip/wire/messages.h"
#include "lb/io/loop.h"
#include "lb/ipam/replicated_allocator.h"

namespace lb {

class StateExchange {
 public:
  // Messages stay below a datagram's budget, with room for encryption.
  static constexpr size_t kMessageMax = 1200;
  // More messages than these are no matter for gossip: it has room for some 150
  // a second, and tells each of them to every member several times.
  static constexpr size_t kToldByGossipMax = 8;
  // So much news in one full exchange, which is what fills as many messages,
  // is told to others by exchanges too.
  static constexpr size_t kNewsSpreadMin = 100;

  struct Tables {
    ipam::ReplicatedAllocator* addresses;
    Elections* elections;
    AddressOwners* owners;
  };
  struct Ports {
    io::Loop* loop;
    // As GossipNode::Broadcast() and GossipNode::SpreadUserState().
    std::function<absl::Status(gossip::wire::Bytes)> broadcast;
    std::function<void()> spread;
  };
  struct Heard {
    bool look = false;     // A look is due.
    bool reunion = false;  // Tenures are others: members may have come back.
    std::vector<absl::Status> refused;  // Why, for each refused message.
  };

  // `state_max`: a full exchange has room for so many bytes.
  StateExchange(const Tables& tables, Ports ports,
                size_t state_max = gossip::kUserStateSizeMax)
      : tables_(tables), ports_(std::move(ports)), state_max_(state_max) {}

  // Merges a message that a member sent by gossip, or the whole state that one
  // sent by an exchange. Leaves messages of other applications alone.
  Heard OnMessage(std::string_view message);
  Heard OnState(absl::Span<const uint8_t> state);

  // Returns the whole state, for an exchange; untold() is about the last one.
  gossip::wire::Bytes Pack();
  // Why full exchanges tell nothing of all this; empty: they do.
  const std::string& untold() const { return untold_; }

  // Tells what is new since the last call.
  void TellOthers();

 private:
  // Returns how much of the message was new.
  size_t Merge(std::string_view message, Heard& heard);

  const Tables tables_;
  const Ports ports_;
  const size_t state_max_;
  std::string untold_;
};

}  // namespace lb

#endif  // LB_DAEMON_EXCHANGE_STATE_EXCHANGE_H_
