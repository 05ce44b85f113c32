// MembershipTest: a Membership, its clock, and what it put out.
#ifndef LB_GOSSIP_TESTING_MEMBERSHIP_FIXTURE_H_
#define LB_GOSSIP_TESTING_MEMBERSHIP_FIXTURE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/member.h"
#include "lb/gossip/membership.h"
#include "lb/gossip/options.h"
#include "lb/gossip/testing/named_hosts.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// This node is "self" at 10.0.0.1; b is at .2, c at .3, ...
class MembershipTest : public testing::Test {
 protected:
  // One datagram that we sent, decoded.
  struct Sent {
    absl::Time at;
    net::Endpoint to;
    std::vector<wire::Message> messages;
    wire::Checksum checksum = wire::Checksum::kNone;
    size_t bytes = 0;  // As a compound.
  };

  MembershipTest() { Restart(Quiet()); }

  // As LanProfile, without regular exchanges.
  static GossipOptions Quiet() {
    GossipOptions options = LanProfile();
    options.streams.push_pull_interval = absl::ZeroDuration();
    return options;
  }

  void Restart(const GossipOptions& options) {
    now_ = absl::UnixEpoch() + absl::Seconds(1000);
    options_ = options;
    core_ = std::make_unique<Membership>(
        options, NodeIdentity{.name = "self", .endpoint = At(1)}, Prng(1), now_,
        first_number_);
    Forget();
  }

  // `by` asks us to ping `of`.
  static wire::IndirectPing Ask(const std::string& by, const std::string& of,
                                uint32_t sequence) {
    return {.sequence = sequence,
            .target = AddressOf(of).address.ToBytes(),
            .port = 7946,
            .node = of,
            .nack = true,
            .source = SourceOf(by)};
  }
  static wire::Alive Alive(const std::string& name, uint32_t incarnation = 1,
                           uint8_t protocol_max = 5) {
    return {.incarnation = incarnation,
            .node = name,
            .address = AddressOf(name).address.ToBytes(),
            .port = 7946,
            .versions = wire::Bytes{1, protocol_max, 2, 0, 0, 0}};
  }
  static wire::PushNodeState Entry(
      const std::string& name, uint32_t incarnation = 1,
      wire::NodeState state = wire::NodeState::kAlive,
      const wire::Bytes& versions = {1, 5, 2, 0, 0, 0}) {
    return {.node = wire::Share({.name = name,
                                 .address = AddressOf(name).address.ToBytes(),
                                 .port = 7946,
                                 .versions = versions}),
            .incarnation = incarnation,
            .state = state};
  }

  void Hear(const std::string& from, const wire::Message& message) {
    HearAt(AddressOf(from), {message});
  }
  void HearAt(const net::Endpoint& from,
              const std::vector<wire::Message>& messages) {
    size_t bytes = 0;
    for (const wire::Message& message : messages) {
      bytes += wire::EncodeMessage(message).size();
    }
    core_->OnPacket(now_, from, messages, bytes);
    Collect();
  }
  // Members that are known and of which nothing is left to say.
  void KnowMembers(const std::vector<std::string>& names) {
    for (const std::string& name : names) Hear(name, Alive(name));
    RunFor(options_.dissemination.interval * 20, /*answering=*/names);
    Forget();
  }
  void Forget() {
    sent_.clear();
    answered_ = 0;
    requests_.clear();
    events_.clear();
  }

  // Lets time pass, timer by timer. Pings to `answering` are acked.
  void RunFor(absl::Duration duration,
              const std::vector<std::string>& answering = {}) {
    const absl::Time end = now_ + duration;
    while (core_->NextDeadline() <= end) {
      now_ = std::max(now_, core_->NextDeadline());
      core_->OnTimer(now_);
      Collect();
      Answer(answering);
    }
    now_ = end;
  }

  void Collect() {
    for (OutgoingPacket& packet : core_->TakeOutgoing()) {
      Sent sent{.at = now_, .to = packet.to, .checksum = packet.checksum};
      sent.bytes = 2;
      for (const wire::Bytes& bytes : packet.messages) {
        sent.bytes += 2 + bytes.size();
        auto message = wire::ParseMessage(bytes);
        ASSERT_TRUE(message.ok()) << message.status();
        sent.messages.push_back(*std::move(message));
      }
      sent_.push_back(std::move(sent));
    }
    for (StreamRequest& request : core_->TakeRequests()) {
      requests_.push_back(request);
    }
    for (GossipEvent& event : core_->TakeEvents()) {
      events_.push_back(std::move(event));
    }
  }

  // All messages of type T sent so far, to anyone or to `to`.
  template <typename T>
  std::vector<T> SentOf(const std::string& to = "") const {
    std::vector<T> found;
    for (const Sent& sent : sent_) {
      if (!to.empty() && sent.to != AddressOf(to)) continue;
      for (const wire::Message& message : sent.messages) {
        if (const T* match = std::get_if<T>(&message)) found.push_back(*match);
      }
    }
    return found;
  }
  template <typename T>
  std::vector<T> EventsOf() const {
    std::vector<T> found;
    for (const GossipEvent& event : events_) {
      if (const T* match = std::get_if<T>(&event)) found.push_back(*match);
    }
    return found;
  }
  wire::NodeState StateOf(const std::string& name) {
    return core_->Find(name)->state;
  }

  // Acks the pings to `answering` that were sent and not acked yet.
  void Answer(const std::vector<std::string>& answering) {
    for (; answered_ < sent_.size(); ++answered_) {
      const Sent sent = sent_[answered_];
      for (const wire::Message& message : sent.messages) {
        const auto* ping = std::get_if<wire::Ping>(&message);
        if (ping == nullptr) continue;
        for (const std::string& name : answering) {
          if (name == ping->node) {
            core_->OnPacket(
                now_, sent.to,
                std::vector<wire::Message>{wire::Ack{ping->sequence, {}}},
                /*bytes=*/50);
          }
        }
      }
      Collect();
    }
    answered_ = sent_.size();
  }

  GossipOptions options_;
  uint32_t first_number_ = 0;  // From Restart() on.
  absl::Time now_;
  std::unique_ptr<Membership> core_;
  std::vector<Sent> sent_;
  std::vector<StreamRequest> requests_;
  std::vector<GossipEvent> events_;

 private:
  size_t answered_ = 0;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_MEMBERSHIP_FIXTURE_H_
