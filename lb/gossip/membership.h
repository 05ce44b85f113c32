// Membership: the cluster's members (SWIM with Lifeguard, memberlist's rules).
//
// The core: state and rules only. No socket, no clock, no thread, no key; the
// same inputs at the same times give the same outputs. After each input the
// owner drains the outputs:
//
//   membership.OnPacket(now, from, messages, size);  // or OnTimer(now), ...
//   for (auto& packet : membership.TakeOutgoing()) ...  // encode, send
//   for (auto& request : membership.TakeRequests()) ... // connect
//   for (auto& event : membership.TakeEvents()) ...
//   timer->Arm(membership.NextDeadline());
//
// GossipNode is that owner over lb::io. One thread.
#ifndef LB_GOSSIP_MEMBERSHIP_H_
#define LB_GOSSIP_MEMBERSHIP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "lb/base/prng.h"
#include "lb/gossip/contact_checks.h"
#include "lb/gossip/delegates.h"
#include "lb/gossip/exchange_schedule.h"
#include "lb/gossip/failure_detector.h"
#include "lb/gossip/full_exchange.h"
#include "lb/gossip/gossip_rounds.h"
#include "lb/gossip/member.h"
#include "lb/gossip/member_changes.h"
#include "lb/gossip/options.h"
#include "lb/gossip/outgoing.h"
#include "lb/gossip/own_name.h"
#include "lb/gossip/own_requests.h"
#include "lb/gossip/ping_responder.h"
#include "lb/gossip/roster.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/stream_only_peers.h"
#include "lb/gossip/stream_only_watch.h"
#include "lb/gossip/verifier.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

class Membership {
 public:
  // REQUIRES: `options` and `self` are valid. `first_number` is the sequence of
  // the first ping. It is random, or acks of an earlier run would match.
  Membership(const GossipOptions& options, NodeIdentity self, const Prng& prng,
             absl::Time now, uint32_t first_number);
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  // Calls of the user. -------------------------------------------------------

  // Exchanges with these endpoints now, and again whenever they are no members.
  // ResourceExhausted: reconnect_targets_max is reached; the rest is dropped.
  absl::Status Join(absl::Time now, absl::Span<const net::Endpoint> seeds);
  void ForgetSeed(const net::Endpoint& seed) {
    schedule_.reconnects().ForgetSeed(seed);
  }
  // Says goodbye, for good: a node that comes back is a new Membership.
  void Leave(absl::Time now);
  // The news go to gossip_nodes members at once (at most once per
  // gossip_interval; the rest waits for the next tick of gossip), as those of
  // QueueUserMessage() and Leave(). InvalidArgument: over kMetaSizeMax.
  absl::Status SetMeta(absl::Time now, wire::Bytes meta);
  // The others reach us at `endpoint` from now on; they are told at once.
  void MoveTo(absl::Time now, const net::Endpoint& endpoint);
  // Sends `payload` to every member that is up and was verified, user_transmits
  // times each, as packets have room. InvalidArgument: too large for a packet.
  // ResourceExhausted: user_messages_max wait.
  absl::Status QueueUserMessage(absl::Time now, wire::Bytes payload) {
    return rounds_.QueueUserMessage(now, std::move(payload));
  }
  // Sends `payload` to one member in a datagram of its own: once, and it may be
  // lost. InvalidArgument: too large for a packet. NotFound: no such member
  // that is up.
  absl::Status SendUserDatagram(std::string_view name, wire::Bytes payload);
  // The same over TCP, of at most wire::kStreamSizeMax. ResourceExhausted
  // besides: requests_max streams are open.
  absl::Status SendUserMessage(absl::Time now, std::string_view name,
                               wire::Bytes payload);
  // For full exchanges from now on: at most kUserStateSizeMax bytes.
  void SetUserState(wire::Bytes state) {
    exchange_.SetUserState(std::move(state));
  }
  // Full exchanges with as many members as a broadcast is sent to; see
  // PushPullBurst.
  void SpreadUserState(absl::Time now) { schedule_.AskForBurst(now); }
  void SetDelegates(Delegates delegates);
  // Bytes that the codec adds to a packet; they change with the keys.
  void SetPacketOverhead(size_t bytes) {
    state_.outbox.SetPacketOverhead(bytes);
  }

  // Inputs from the network. -------------------------------------------------

  // A datagram of `bytes`. It is answered as far as AnswerBudget lets.
  void OnPacket(absl::Time now, const net::Endpoint& from,
                absl::Span<const wire::Message> messages, size_t bytes);
  // A peer's request on a stream it opened: the answer to write, if any.
  std::optional<wire::StreamMessage> OnStreamRequest(
      absl::Time now, const net::Endpoint& from,
      const wire::StreamMessage& request);
  // The stream of a request is open: what to write on it.
  // REQUIRES: `id` is of a request under way.
  wire::StreamMessage OpeningMessage(uint64_t id) const;
  // True if the request gets an answer; false: it is done once written.
  bool ExpectsReply(uint64_t id) const;
  // A large exchange may be merged in parts: if Admits() says so, members by
  // OnMembers(), the rest by OnStreamRequest() or OnReply().
  bool Admits(absl::Time now, const wire::PushPull& exchange);
  void OnMembers(absl::Time now, const net::Endpoint& peer,
                 absl::Span<const wire::PushNodeState> members,
                 bool initiated_by_us);
  // The request's end. An unknown `id` is ignored.
  void OnReply(absl::Time now, uint64_t id, const wire::StreamMessage& reply);
  void OnSent(uint64_t id);
  void OnRequestFailed(absl::Time now, uint64_t id, absl::Status why = {});
  // The kernel refused a packet to `to`.
  void OnSendFailed(absl::Time now, const net::Endpoint& to);

  // Time. --------------------------------------------------------------------

  void OnTimer(absl::Time now);
  // When OnTimer() wants to be called.
  absl::Time NextDeadline() const;

  // Outputs; each is empty after being taken. --------------------------------

  std::vector<OutgoingPacket> TakeOutgoing();
  std::vector<StreamRequest> TakeRequests();
  std::vector<GossipEvent> TakeEvents();

  // All known nodes by name, ours and those that are down included.
  std::vector<Member> Members() const {
    return state_.roster.table().Members();
  }
  // Verified members that are up, by name; this node is one until Leave(). The
  // cost does not grow with members that others invent.
  std::vector<Member> VerifiedMembers() const {
    return state_.roster.table().VerifiedMembers();
  }
  // How many are up and were not verified yet.
  size_t unverified() const { return verifier_.size(); }
  std::optional<Member> Find(std::string_view name) const;
  // Members that answer over TCP and not over UDP.
  std::vector<StreamOnlyPeer> ListStreamOnly(absl::Time now) const {
    return stream_only_.List(now);
  }
  // Members that failed and that acked no ping of this node since; see
  // ContactChecks.
  const std::set<std::string, std::less<>>& lost() const {
    return contacts_.lost();
  }
  const NodeIdentity& self() const { return state_.roster.self(); }
  int health_score() const { return state_.roster.awareness().score(); }
  GossipCounters& counters() { return state_.counters; }
  const GossipCounters& counters() const { return state_.counters; }

 private:
  void OnMessage(absl::Time now, const net::Endpoint& from,
                 const wire::Message& message);
  void OnPing(absl::Time now, const net::Endpoint& from,
              const wire::Ping& ping);
  void OnAck(absl::Time now, const net::Endpoint& from, const wire::Ack& ack);
  absl::Time NextVerdict() const;
  void ForgiveLateness(absl::Time now);
  absl::StatusOr<const NodeRecord*> FindUp(std::string_view name) const;

  SharedState state_;
  FailureDetector detector_;
  GossipRounds rounds_;
  ExchangeSchedule schedule_;
  Verifier verifier_;
  PingResponder responder_;
  StreamOnlyWatch stream_only_;
  ContactChecks contacts_;
  MemberChanges changes_;
  FullExchange exchange_;
  OwnName own_name_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_MEMBERSHIP_H_
